"""`./kura dev`: the application alone, on the workshop's PostgreSQL, with the demonstration library."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from lab import workshop

KURA = str(Path(__file__).resolve().parents[2] / "kura")


def test_it_serves_the_demonstration_library_until_it_is_stopped():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    workshop.start(lambda _: None)
    environment = {**os.environ, "KURA_INSTANCE": "kdv"}
    environment.pop("KURA_STATE", None)
    process = subprocess.Popen(
        [KURA, "dev", "--port", str(port)], env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 180
        while True:
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/?q=%E3%81%93%E3%81%93%E3%82%8D", timeout=10
                ) as page:
                    assert "夏目漱石" in page.read().decode()
                break
            except OSError:
                assert process.poll() is None, "it ended by itself"
                assert time.monotonic() < deadline
                time.sleep(0.5)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
    assert not Path("/var/lib/kdv").exists()
