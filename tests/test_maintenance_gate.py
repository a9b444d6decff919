"""The gate of maintainers as the host runs it: whom it lets in, what it records, when it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

GATE = Path(__file__).parents[1] / "roles" / "maintenance" / "files" / "kura-maintenance"
TOKEN = "shared-with-the-library"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKVTFZiTvHhtZnE0AGnJMBnfWkqS7fS0S0V0hHq1AbCd"


class Library:
    """Stands where the library does: says what it is told to say, to who has the token."""

    def __init__(self) -> None:
        library = self
        self.text = ""

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
                self.send_response(200 if known else 404)
                self.end_headers()
                self.wfile.write(library.text.encode() if known else b"")

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library()
    url = f"http://127.0.0.1:{made.server.server_port}/office/maintenance/keys/mon1/"
    (tmp_path / "maintenance.json").write_text(json.dumps({"url": url, "token": TOKEN, "authority": ""}))
    yield made
    made.server.shutdown()


def gate(tmp_path: Path, *arguments: str, **environment: str) -> list:
    recorder = json.dumps(["tee", "-a", str(tmp_path / "record")])
    inside = {"KURA_MAINTENANCE": str(tmp_path / "maintenance.json"), "KURA_RECORDER": recorder, **environment}
    return [[sys.executable, str(GATE), *arguments], {**os.environ, **inside}]


def run(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    argv, inside = gate(tmp_path, *arguments, **environment)
    return subprocess.run(argv, env=inside, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)


@pytest.mark.req("F-AUD-015")
def test_a_key_is_let_in_until_its_end_with_our_options_only(tmp_path, library):
    ends = int(time.time()) + 600
    library.text = f'7 {ends} {KEY}\n8 {int(time.time()) - 1} {KEY}\n9 {ends} command="sh" {KEY}\nnonsense\n'
    lines = run(tmp_path, "keys").stdout.splitlines()
    assert len(lines) == 1
    until = time.strftime("%Y%m%d%H%M%S", time.localtime(ends))
    assert lines[0] == f'restrict,pty,expiry-time="{until}",command="{GATE} session 7 {ends}" {KEY}'


@pytest.mark.req("F-AUD-015")
def test_without_an_answer_or_with_a_wrong_token_nobody_is_let_in(tmp_path, library):
    library.text = f"7 {int(time.time()) + 600} {KEY}\n"
    config = json.loads((tmp_path / "maintenance.json").read_text())
    for wrong in ({"token": "guess"}, {"url": "http://127.0.0.1:1/"}):
        (tmp_path / "maintenance.json").write_text(json.dumps({**config, **wrong}))
        assert run(tmp_path, "keys").stdout == ""


@pytest.mark.req("F-AUD-015")
def test_what_is_done_is_recorded_and_its_result_handed_back(tmp_path):
    ends = str(int(time.time()) + 60)
    asked = {"SSH_ORIGINAL_COMMAND": "echo repaired; exit 3", "SSH_CONNECTION": "10.0.0.9 1 x 22"}
    done = run(tmp_path, "session", "7", ends, **asked)
    record = (tmp_path / "record").read_text()
    assert done.returncode == 3
    assert "window 7 begins from 10.0.0.9: echo repaired; exit 3" in record
    assert re.search(r"^repaired\r?$", record, re.M)
    assert "window 7 ends (3)" in record


@pytest.mark.req("F-AUD-015")
def test_a_session_ends_with_its_window_and_none_begins_after_it(tmp_path):
    began = time.monotonic()
    done = run(tmp_path, "session", "7", str(int(time.time()) + 2), SSH_ORIGINAL_COMMAND="sleep 60")
    assert time.monotonic() - began < 20
    assert done.returncode == 124
    assert run(tmp_path, "session", "7", str(int(time.time()) - 1)).returncode == 1


@pytest.mark.req("F-AUD-015")
def test_the_sweep_ends_the_session_of_a_window_that_was_closed_early_and_no_other(tmp_path, library):
    ends = int(time.time()) + 60
    running = []
    for number in ("7001", "7002"):
        argv, inside = gate(tmp_path, "session", number, str(ends), SSH_ORIGINAL_COMMAND="sleep 50")
        running.append(subprocess.Popen(argv, env=inside, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
    try:
        deadline = time.monotonic() + 60
        (tmp_path / "record").touch()
        while (tmp_path / "record").read_text().count("begins") < 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        library.text = f"7002 {ends} {KEY}\n"
        assert run(tmp_path, "sweep").returncode == 0
        running[0].wait(timeout=20)
        assert running[1].poll() is None
    finally:
        for process in running:
            process.terminate()
            process.wait(timeout=20)
