"""The command line as an engineer and an auditor use it, against the running twin."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from monitoring.evidence import read
from tests.twin.verbs import ROOT, environment, figures, kura

RECORDS = "SELECT count(*) FROM catalog_bibliographicrecord"


def count(twin, sql: str) -> int:
    said = twin.run("db1", "cd / && runuser -u postgres -- psql -XqAt -d kura", stdin=sql)
    assert said.ok, said.stdout
    return int(said.stdout)


def test_what_somebody_broke_is_put_right_by_up_which_fails_while_the_catalogue_cannot_be_reached(twin) -> None:
    hosts = twin.running()
    assert twin.run("app1", "systemctl disable --now nginx && rm /etc/nginx/sites-enabled/*").ok
    assert twin.run("mon1", "systemctl stop prometheus").ok
    # A table of its own in the packet filter, which no playbook looks at: only the check at the end can notice.
    kiosk = next(name for name in hosts if twin.site.host(name).zone == "kiosk")
    cut = (
        "table inet cut {\n chain forward {\n  type filter hook forward priority -10;\n"
        f"  ip saddr {twin.site.host(kiosk).address} tcp dport 443 drop\n }}\n}}\n"
    )
    assert twin.run("gw1", "nft -f -", stdin=cut).ok
    try:
        said = kura("up", *hosts, "--no-window", expect=1)
        assert int(re.search(r"changed=(\d+)", said).group(1)) > 0
        assert "FAILED  a kiosk finds" in said
        assert all(f"ok      {what}" in said for what in ("the counter answers", "every host is measured")), said
    finally:
        assert twin.run("gw1", "nft delete table inet cut").ok


def test_then_there_is_nothing_left_to_do_and_the_catalogue_opens_on_this_machine(twin) -> None:
    said = kura("up", *twin.running())
    assert "FAILED" not in said
    assert "changed=0" in said
    # The window: the catalogue under its own name in a browser of this very machine.
    url = f"https://{twin.site.fqdn('opac')}/"
    assert url in said
    curl = ["curl", "-fsS", "-m", "10", "-o", "/dev/null", "--noproxy", "*", "--cacert", str(twin.state / "ca.crt")]
    assert subprocess.run([*curl, url]).returncode == 0
    assert all(re.search(rf"sign-in\s+{name}\s+\S+", said) for name in ("admin", "librarian", "counter"))
    assert "\n  seconds" in said


def test_deploy_changes_nothing_on_hosts_that_are_as_they_should_be(twin) -> None:
    assert "changed=0" in kura("deploy", "--check", "--diff", "--limit", "app1,db1")
    assert "changed=0" in kura("deploy", "--limit", "mon1", "--tags", "firewall")


def test_status_tells_every_running_host(twin) -> None:
    said = kura("status")
    assert all(name in said for name in twin.running())


def test_the_inspection_and_the_quarter_are_written_from_what_is_there(twin, tmp_path) -> None:
    assert kura("inspect")
    now = datetime.now(UTC)
    quarter = f"{now.year}Q{(now.month - 1) // 3 + 1}"
    kura("report", "quarter", quarter, "--out", tmp_path)
    written = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert {".docx", ".xlsx"} <= written
    sums = next(tmp_path.rglob("*SHA256*"))
    assert subprocess.run(["sha256sum", "--check", "--quiet", sums.name], cwd=sums.parent).returncode == 0
    said = kura("report", "quarter", "2026Q9", expect=1)
    assert "Traceback" not in said


@pytest.mark.req("S-BKP-004")
def test_the_restore_drill_brings_a_spoiled_file_and_the_database_back_measures_and_leaves_evidence(
    twin, tmp_path
) -> None:
    before = [record.started for record in read(twin.state, "drill")]
    said = kura("drill", "restore", "--json", tmp_path / "restore.json")
    assert said.rstrip().endswith("passed")
    seen = figures(tmp_path / "restore.json")
    assert seen["restore_rows_compared"]["value"] > 0
    assert seen["restore_files_unequal"] == {"value": 0, "unit": "files", "goal": 0, "met": True}
    assert seen["restore_tables_unequal"] == {"value": 0, "unit": "tables", "goal": 0, "met": True}
    assert seen["restore_database_seconds"]["met"]
    fresh = [record for record in read(twin.state, "drill") if record.started not in before]
    assert [record.passed for record in fresh if record.name == "restore"] == [True]
    metric = twin.run("bak1", "cat /var/lib/prometheus/node-exporter/kura_restore_drill.prom").stdout
    assert "kura_restore_drill_last_success_timestamp_seconds" in metric


def start(*arguments: str) -> subprocess.Popen[str]:
    """A verb that a test will interrupt, as Ctrl-C at an engineer's terminal does."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
        # Whoever runs the tests in the background has made them deaf to Ctrl-C; an engineer's shell is not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def test_a_deploy_that_is_interrupted_says_so_and_the_next_one_finishes(twin) -> None:
    cut = start("deploy", "--limit", "mon1", "--verbose")
    assert cut.stdout
    for line in cut.stdout:
        if line.startswith("TASK ["):
            break
    os.killpg(cut.pid, signal.SIGINT)
    said, _ = cut.communicate(timeout=60)
    assert cut.returncode == 130, said
    assert "run the same command again" in said
    assert "Traceback" not in said
    assert "changed=0" in kura("deploy", "--limit", "mon1")


def test_a_generated_library_that_was_cut_goes_on_and_is_complete(twin) -> None:
    """At a hundredth of Nagano's scale: enough batches to be cut between two of them."""
    before = count(twin, RECORDS)
    cut = start("demo", "--scale", "0.01")
    deadline = time.monotonic() + 120
    while count(twin, RECORDS) == before:
        assert time.monotonic() < deadline
        assert cut.poll() is None, cut.stdout.read()
        time.sleep(0.2)
    os.killpg(cut.pid, signal.SIGINT)
    cut.communicate(timeout=60)
    assert cut.returncode != 0
    said = kura("demo", "--scale", "0.01")
    assert "complete" in said
    made = count(twin, RECORDS) - before
    assert made == pytest.approx(27_500, rel=0.01)
    assert "complete" in kura("demo", "--scale", "0.01")
    assert count(twin, RECORDS) - before == made


def test_a_towns_whole_appliance_comes_up_beside_this_one_and_the_bench_times_it(tmp_path) -> None:
    """The other inventory, one server for everything: up from nothing, up again with nothing to do, gone.

    Whether it was quick enough is for a quiet machine to say: a time that was missed ends the bench with 1.
    """
    bench = ("bench", "deploy", "--skip-first", "--json", tmp_path / "deploy.json")
    said = kura("--inventory", "small", *bench, expect=(0, 1), patience=900)
    rows = figures(tmp_path / "deploy.json")
    assert set(rows) == {"up_cached_seconds", "up_no_change_seconds", "no_change_changes"}, said
    assert rows["no_change_changes"]["value"] == 0
    assert all(row["value"] > 0 and row["goal"] for name, row in rows.items() if name.endswith("_seconds"))
    assert not any("kbench" in line for line in subprocess.check_output(["ps", "ax"], text=True).splitlines())
