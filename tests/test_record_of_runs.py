"""A real ansible-playbook on this machine: what it changed is on record, with reason and result, without contents."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from monitoring import delivery
from monitoring.evidence import read

ROOT = Path(__file__).resolve().parents[1]
PLAY = """
- hosts: localhost
  gather_facts: false
  connection: local
  tasks:
    - name: A file says what it must
      ansible.builtin.copy:
        dest: "{folder}/greeting.conf"
        content: "first line\\nsecret=hunter2\\n"
        mode: "0600"
    - name: A secret file is there
      ansible.builtin.copy:
        dest: "{folder}/hidden"
        content: hunter2
        mode: "0600"
      no_log: true
    - name: Nothing is asked of it
      ansible.builtin.debug:
        msg: quiet
    - name: It ends badly when told to
      ansible.builtin.fail:
        msg: asked to fail
      when: fails | default(false) | bool
"""


def run(folder: Path, **variables: object) -> int:
    """Run the playbook as an engineer does."""
    play = folder / "site.yml"
    play.write_text(PLAY.format(folder=folder))
    environment = {
        **os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "KURA_STATE": str(folder / "state"),
        "PYTHONPATH": str(ROOT), "KURA_BY": "保科 理恵", "ANSIBLE_NOCOLOR": "1",
    }  # fmt: skip
    # No console runs beside this test: the record stays here.
    told = json.dumps({"kura_twin_hosts": [], **variables})
    argv = [Path(sys.executable).parent / "ansible-playbook", "-i", ROOT / "inventory" / "nagano", play, "--diff"]
    done = subprocess.run(
        [*map(str, argv), "--extra-vars", told], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert "could not be recorded" not in done.stdout + done.stderr, done.stderr
    return done.returncode


@pytest.mark.req("S-RPT-005")
def test_a_run_records_who_why_what_changed_and_how_it_ended_and_no_content(tmp_path):
    assert run(tmp_path, kura_work_reason="月次の保守") == 0
    assert run(tmp_path, fails=True) != 0
    first, second = read(tmp_path / "state", "work")
    assert first.passed
    assert (first.by, first.details["reason"], first.title) == ("保科 理恵", "月次の保守", "構成の適用")
    assert first.finished > first.started
    changes = first.details["changes"]
    assert [row["task"] for row in changes] == ["A file says what it must", "A secret file is there"]
    assert changes[0]["diff"].startswith(f"{tmp_path}/greeting.conf +2 -")
    assert changes[1]["diff"] == ""
    assert first.figures["changed"] == 2
    assert not second.passed
    assert second.details["changes"] == []
    assert second.details["failures"] == ["localhost: It ends badly when told to: asked to fail"]
    for path in (tmp_path / "state" / "evidence" / "work").iterdir():
        assert "hunter2" not in path.read_text()


def test_what_the_console_was_not_given_is_delivered_once_and_again_to_a_new_one(tmp_path):
    folder = tmp_path / "evidence" / "work"
    folder.mkdir(parents=True)
    (folder / "20260101T000000Z-site.json").write_text('{"a": 1}')
    (folder / ".new-x.json").write_text("half")
    given: list[str] = []

    def shell(command: str, sent: bytes) -> tuple[int, bytes]:
        if command == delivery.LIST:
            return 0, "\n".join(given).encode()
        with tarfile.open(fileobj=BytesIO(sent)) as archive:
            given.extend(archive.getnames())
        return 0, b""

    assert delivery.deliver(tmp_path, shell) == 1
    assert given == ["work-20260101T000000Z-site.json"]
    assert delivery.deliver(tmp_path, shell) == 0
    given.clear()
    assert delivery.deliver(tmp_path, shell) == 1
    assert delivery.deliver(tmp_path, lambda command, sent: (255, b"")) is None
