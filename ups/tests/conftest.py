"""A stand-in for upsd on a real socket."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator

import pytest

from ups.client import Client


class Upsd(socketserver.ThreadingTCPServer):
    """Speaks upsd's side as NUT 2.8.1 does (recorded with `nc` on a host of the twin)."""

    allow_reuse_address = True
    daemon_threads = True
    status = "OL"
    logins: list[str]


class Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for raw in self.rfile:
            for line in self.answer(raw.decode().strip()):
                self.wfile.write((line + "\n").encode())

    def answer(self, line: str) -> list[str]:
        server: Upsd = self.server  # type: ignore[assignment]
        if line == "LIST UPS":
            return ["BEGIN LIST UPS", 'UPS ups-a "ups-a"', 'UPS ups-b "ups-b"', "END LIST UPS"]
        if line == "LIST VAR ups-a":
            rows = [f'VAR ups-a ups.status "{server.status}"', 'VAR ups-a battery.charge "87"']
            return ["BEGIN LIST VAR ups-a", *rows, 'VAR ups-a ups.model "a \\"quoted\\" name"', "END LIST VAR ups-a"]
        if line == "LIST CLIENT ups-b":
            return ["BEGIN LIST CLIENT ups-b", 'CLIENT ups-b "10.0.0.1', "END LIST CLIENT ups-b"]
        if line == "LIST VAR ups-b":
            return ["ERR DRIVER-NOT-CONNECTED"]
        if line == "LIST CLIENT ups-a":
            rows = [f"CLIENT ups-a {address}" for address in server.logins]
            return ["BEGIN LIST CLIENT ups-a", *rows, "END LIST CLIENT ups-a"]
        if line == "LOGIN ups-a":
            server.logins.append("127.0.0.1")
            return ["OK"]
        if line.startswith("PASSWORD"):
            return ["OK"] if line.endswith("right") else ["ERR ACCESS-DENIED"]
        return ["OK"]


@pytest.fixture
def upsd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upsd]:
    with Upsd(("127.0.0.1", 0), Talk) as server:
        server.logins = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr("ups.client.PORT", server.server_address[1])
        monkeypatch.setattr(Client.__init__, "__defaults__", (server.server_address[1], 5.0))
        yield server
        server.shutdown()
