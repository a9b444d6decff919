"""The playbook that replaces a disk, as an engineer runs it, over a laid-down machine; and the record that it leaves.

Nobody's /sys is touched: in a mount namespace of its own the host's library is this tree's, its machine is a folder,
and mdadm is a stand-in that moves the folder's disks as the kernel and a person would. Real arrays are in
tests/twin/test_disks.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from disks.tests.sysfs import MD, Laid
from monitoring.evidence import Evidence, read

ROOT = Path(__file__).resolve().parents[1]
# The programs of a host find the laid-down machine; what the kernel does in its own time has been done at once.
SITE = """
from pathlib import Path
from disks import state
machine, text = Path("{machine}"), state.Machine.text
state.Machine.__init__.__defaults__ = (machine,)
state.Machine.text = lambda self, name: "idle" if name.endswith("sync_action") else text(self, name)
state.config.__defaults__ = (machine / "disks.json",)
state.Memory.__init__.__defaults__ = (machine / "known.json",)
"""
# A person swaps the disk as soon as it is out.
MDADM = """#!{python}
import sys
from disks.tests.sysfs import Laid
laid = Laid.__new__(Laid)
laid.root = __import__("pathlib").Path("{machine}")
if "--add" in sys.argv:
    laid.member("sdd", 1, "in_sync")
    laid.put("/sys/block/{md}/md/degraded", "0")
elif laid.path("/sys/block/{md}/md/dev-sdb1").exists():
    laid.out("sdb")
    laid.pulled("sdb")
    laid.disk_in(1, "sdd", "NEW-1")
    laid.put("/dev/sdd1", "")
"""


@pytest.fixture
def machine(tmp_path) -> Path:
    """A machine whose RAID 5 has lost the disk in slot 1."""
    root = tmp_path / "machine"
    laid = Laid(root)
    laid.look()
    laid.fails("sdb")
    (root / "disks.json").write_text(json.dumps(laid.rows), encoding="utf-8")
    (tmp_path / "var").mkdir()
    library, bin_ = tmp_path / "library", tmp_path / "bin"
    library.mkdir()
    bin_.mkdir()
    for room in ("disks", "inventory"):
        (library / room).symlink_to(ROOT / room)
    (library / "sitecustomize.py").write_text(SITE.format(machine=root), encoding="utf-8")
    (bin_ / "mdadm").write_text(MDADM.format(machine=root, md=MD, python=sys.executable), encoding="utf-8")
    for name in ("wipefs", "sfdisk"):
        (bin_ / name).write_text("#!/bin/sh\n", encoding="utf-8")
    for path in bin_.iterdir():
        path.chmod(0o755)
    return root


def run(machine: Path) -> tuple[int, str]:
    """Run the playbook for slot 1; its exit code and what it said."""
    folder = machine.parent
    environment = {
        **os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "KURA_STATE": str(folder / "state"),
        "PYTHONPATH": str(ROOT), "KURA_BY": "保科 理恵", "ANSIBLE_NOCOLOR": "1", "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip
    told = {
        "kura_twin_hosts": [], "ansible_connection": "local", "replace_slot": "1", "kura_work_reason": "DiskFailed",
        "replace_poll_seconds": 1, "ansible_async_dir": str(folder / "async"),
    }  # fmt: skip
    play = ["ansible-playbook", "playbooks/replace_disk.yml", "--limit", "db1", "--extra-vars", json.dumps(told)]
    inside = (
        "mount -t tmpfs none /usr/local/lib && mkdir /usr/local/lib/kura && "
        f"mount --bind {folder / 'library'} /usr/local/lib/kura && "
        f'mount --bind {folder / "var"} /var/lib && exec "$@"'
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", inside, "sh", *play],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def kept(machine: Path) -> list[Evidence]:
    return list(read(machine.parent / "state", "work"))


@pytest.mark.req("S-RPT-005")
def test_the_playbook_replaces_a_dead_disk_and_its_record_names_both_serial_numbers(machine):
    code, said = run(machine)
    assert code == 0, said
    (record,) = kept(machine)
    assert (record.passed, record.by, record.details["reason"]) == (True, "保科 理恵", "DiskFailed")
    assert [row["diff"] for row in record.details["changes"]] == [
        "スロット1 取外し: 製造番号 SERIAL1（MODEL）",
        "スロット1 取付け: 製造番号 NEW-1（MODEL）",
        "スロット1 再構築: 完了",
        "スロット1 全域の読取り: 不一致 0",
        "スロット1 組 srv-x（RAID 5）: 製造番号 SERIAL1 を NEW-1 に交換",
    ]
    (report,) = (machine.parent / "var/kura/disks/reports").iterdir()
    assert json.loads(report.read_text(encoding="utf-8"))["new"]["serial"] == "NEW-1"
