"""Wrong conditions get a clear sentence and an exit code, and nothing is left half made."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections import namedtuple
from pathlib import Path

import pytest

from cli import preflight
from cli.context import Refused
from cli.progress import Progress

ROOT = Path(__file__).resolve().parents[2]
KURA = str(ROOT / "kura")


def kura(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an engineer does."""
    environment = {**os.environ, "KURA_INSTANCE": "kwc", **more}
    environment.pop("KURA_STATE", None)
    return subprocess.run([KURA, *arguments], capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module", autouse=True)
def from_nothing():
    """Also after a run that was killed in the middle of an interrupted start: what it left answers for what is new."""
    assert kura("down", "--keep-workshop").returncode == 0


def test_somebody_who_is_not_root_is_told_so():
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "python3", "-"],
        input=(ROOT / "kura").read_text().replace("__file__", repr(KURA)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "must be run as root" in done.stderr


def test_a_broken_inventory_names_file_line_key_and_what_was_expected(tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(ROOT / "inventory/nagano", broken)
    text = (broken / "contract.yml").read_text().replace("audit_years: 6", "audit_years: 3")
    (broken / "contract.yml").write_text(text)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "audit_years" in row)
    done = kura("--inventory", str(broken), "status")
    assert done.returncode == 4
    assert f"contract.yml:{line}: retention.audit_years = 3: expected" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_inventory_lists_the_known_ones():
    done = kura("--inventory", "atlantis", "status")
    assert done.returncode == 4
    assert "nagano" in done.stderr


def test_an_unknown_host_is_named():
    done = kura("up", "db99")
    assert done.returncode == 1
    assert "db99: no such host" in done.stderr
    assert not Path("/var/lib/kwc").exists()


def test_a_deploy_without_running_hosts_says_what_to_do():
    done = kura("ssh", "app1")
    assert done.returncode == 1
    assert "./kura twin start app1" in done.stderr


def test_an_inventory_from_elsewhere_is_checked_but_not_deployed(tmp_path):
    shutil.copytree(ROOT / "inventory/nagano", tmp_path / "nagano")
    said = kura("--inventory", str(tmp_path / "nagano"), "deploy")
    assert said.returncode == 2
    assert "only a folder under inventory/ can be deployed" in said.stderr
    assert not Path("/var/lib/kwc").exists()


def test_a_drill_without_a_twin_is_refused():
    done = kura("drill", "power")
    assert done.returncode == 1
    assert "./kura up" in done.stderr


def test_a_test_path_that_is_not_there_is_refused():
    done = kura("test", "app/nowhere")
    assert done.returncode == 2
    assert "app/nowhere" in done.stderr


def test_too_little_disk_is_told_in_gibibytes(monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 3 * 2**30))
    with pytest.raises(Refused, match=r"too little disk: 3\.0 GiB free .* 12 GiB are needed"):
        preflight.enough_disk(tmp_path)


def test_a_kernel_without_overlayfs_is_named(monkeypatch):
    read = Path.read_text
    monkeypatch.setattr(
        Path,
        "read_text",
        lambda self, *a, **k: "ext4\ntmpfs\n" if str(self) == "/proc/filesystems" else read(self, *a, **k),
    )
    with pytest.raises(Refused, match="overlayfs"):
        preflight.lab(Progress())


def test_no_network_is_a_sentence_not_a_traceback(monkeypatch, tmp_path):
    fake = tmp_path / "apt-get"
    fake.write_text("#!/bin/sh\necho 'Could not resolve' >&2; exit 100\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Refused, match=r"is there a network\?"):
        preflight.debian({"no-such-command-of-kura": "no-such-package"}, Progress())


def test_interrupting_a_start_leaves_what_the_next_run_completes_and_down_removes():
    environment = {**os.environ, "KURA_INSTANCE": "kwc"}
    environment.pop("KURA_STATE", None)
    try:
        process = subprocess.Popen(
            [KURA, "twin", "start", "gw1"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Whoever started this test in the background has made it deaf to Ctrl-C; an engineer's shell is not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        deadline = time.monotonic() + 60
        while not Path("/var/lib/kwc/nagano/hosts/gw1").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "run the same command again" in said
        assert "Traceback" not in said
        assert kura("twin", "start", "gw1").returncode == 0
        assert "running" in kura("status").stdout
    finally:
        assert kura("down", "--keep-workshop").returncode == 0
    assert not Path("/var/lib/kwc").exists()
