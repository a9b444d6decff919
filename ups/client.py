"""The NUT network protocol in one place (upsd, port 3493), with the standard library alone.

The exporter and the ordered power-off run on hosts with Debian's Python 3.13, where nut2 cannot be imported
(it needs telnetlib, removed in 3.13). The protocol is a dozen plain-text lines, so this module speaks it itself;
nothing else in Kura opens a connection to upsd.
"""

from __future__ import annotations

import shlex
import socket
import sys
from types import TracebackType

PORT = 3493


class UpsError(Exception):
    """upsd cannot be reached, or refused a request; the text says which."""


class Client:
    """One connection to upsd. Every method raises UpsError when the connection or the request fails."""

    def __init__(self, server: str, port: int = PORT, timeout: float = 5.0) -> None:
        try:
            self._socket = socket.create_connection((server, port), timeout=timeout)
        except OSError as error:
            raise UpsError(f"upsd at {server}:{port} cannot be reached: {error}") from error
        self._file = self._socket.makefile("rw", encoding="utf-8", errors="replace", newline="\n")

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; upsd forgets this client's login."""
        self._file.close()
        self._socket.close()

    def login(self, ups: str, user: str, password: str) -> None:
        """Count as one of the hosts that the UPS feeds, until the connection ends."""
        self._command(f"USERNAME {user}")
        self._command(f"PASSWORD {password}")
        self._command(f"LOGIN {ups}")

    def units(self) -> list[str]:
        """Names of the UPS units that upsd serves."""
        return [row[0] for row in self._list("UPS")]

    def variables(self, ups: str) -> dict[str, str]:
        """Every variable of a unit, as upsd holds it now."""
        return {row[1]: row[2] for row in self._list(f"VAR {ups}") if len(row) >= 3}

    def clients(self, ups: str) -> set[str]:
        """Addresses of the hosts that are logged in on a unit."""
        return {row[1] for row in self._list(f"CLIENT {ups}") if len(row) >= 2}

    def commands(self, ups: str) -> set[str]:
        """What a unit can be told to do at once."""
        return {row[1] for row in self._list(f"CMD {ups}") if len(row) >= 2}

    def instant(self, ups: str, command: str, user: str, password: str) -> None:
        """Tell a unit to do something at once (its test, its outlets)."""
        self._command(f"USERNAME {user}")
        self._command(f"PASSWORD {password}")
        self._command(f"INSTCMD {ups} {command}")

    def _list(self, what: str) -> list[list[str]]:
        self._send(f"LIST {what}")
        first = self._receive()
        if not first.startswith(f"BEGIN LIST {what}"):
            raise UpsError(f"LIST {what}: {first}")
        rows: list[list[str]] = []
        while not (line := self._receive()).startswith(f"END LIST {what}"):
            try:
                rows.append(shlex.split(line)[1:])
            except ValueError as error:  # a quote that never ends
                raise UpsError(f"LIST {what}: {error}: {line}") from error
        return rows

    def _command(self, line: str) -> None:
        self._send(line)
        answer = self._receive()
        if not answer.startswith("OK"):
            raise UpsError(f"{line.split()[0]}: {answer}")

    def _send(self, line: str) -> None:
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except (OSError, ValueError) as error:
            raise UpsError(f"upsd: {error}") from error

    def _receive(self) -> str:
        try:
            line = self._file.readline()
        except (OSError, ValueError) as error:
            raise UpsError(f"upsd: {error}") from error
        if not line:
            raise UpsError("upsd closed the connection")
        return line.strip()


def touchable(server: str = "127.0.0.1") -> str | None:
    """Why upsd must not be restarted now, or None when it may be.

    Restarting upsd on battery makes NUT 2.8.1's secondaries shut down at once, and clears a latched FSD half way.
    """
    try:
        with Client(server) as client:
            for unit in client.units():
                try:
                    flags = client.variables(unit).get("ups.status", "").split()
                except UpsError:
                    continue  # a driver that is down feeds no decision; restarting is how it comes back
                if "OB" in flags or "FSD" in flags:
                    return f"{unit} is {' '.join(flags)}"
    except UpsError:
        return None  # not running yet: nothing to disturb
    return None


if __name__ == "__main__":
    reason = touchable(*sys.argv[1:2])
    if reason:
        print(f"upsd is left alone: {reason}", file=sys.stderr)
    sys.exit(1 if reason else 0)
