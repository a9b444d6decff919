"""A battery tested through NUT's real serial driver and upsd, over a line on which a simulated unit answers.

A NUT of its own beside the appliance's: the simulated units that the drills use cannot test themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ups import battery, drill

FOLDER = "/run/kura-battery-try"
PORT = 13493
FILES = {
    "ups.conf": f"[try]\n  driver = nutdrv_qx\n  port = {FOLDER}/line\n  protocol = megatec\n"
    "  novendor\n  pollinterval = 1\n  desc = try\n",
    "upsd.conf": f"LISTEN 127.0.0.1 {PORT}\nMAXAGE 25\n",
    "upsd.users": f"[battery]\n  password = try\n  instcmds = {battery.QUICK}\n",
    "nut.conf": "MODE=standalone\n",
    "battery.json": json.dumps({
        "server": "127.0.0.1", "port": PORT, "user": "battery", "password": "try", "units": ["try"], "needed": 0,
        "results": f"{FOLDER}/results.json", "mark": f"{FOLDER}/deploying", "busy_units": [], "windows": [],
    }),
}  # fmt: skip
UNITS = {
    "kura-try-line": f"/usr/bin/python3 {FOLDER}/serial_ups.py {FOLDER}/line %s",
    "kura-try-driver": "/lib/nut/nutdrv_qx -a try -u root -F",
    "kura-try-upsd": "/usr/sbin/upsd -F -u root",
}
TEST = f"PYTHONPATH=/usr/local/lib/kura python3 -m ups.battery {FOLDER}/battery.json"


@pytest.fixture(params=["good", "bad"])
def unit(twin, request) -> Iterator[tuple[str, str]]:
    """The host that reads the units with such a battery on a line of its own; (host, battery)."""
    reader = twin.site.power.units[0].read_by
    try:
        assert twin.run(reader, f"mkdir -p {FOLDER}").ok
        serial = (Path(__file__).parent / "serial_ups.py").read_text()
        for name, text in {**FILES, "serial_ups.py": serial}.items():
            assert twin.run(reader, f"cat > {FOLDER}/{name}", stdin=text).ok
        where = f"--setenv=NUT_CONFPATH={FOLDER} --setenv=NUT_STATEPATH={FOLDER} --setenv=NUT_ALTPIDPATH={FOLDER}"
        for name, command in UNITS.items():
            filled = command % request.param if "%s" in command else command
            assert twin.run(
                reader, f"systemd-run -q --unit={name} -p Restart=on-failure -p RestartSec=1 {where} {filled}"
            ).ok
        known = f"upsc try@127.0.0.1:{PORT} ups.status 2>/dev/null | grep -qx OL"
        assert drill.wait_for(lambda: twin.run(reader, known).ok, 60), twin.run(
            reader, "journalctl -u 'kura-try-*' -n 30 --no-pager"
        ).stdout
        yield reader, request.param
    finally:
        twin.run(
            reader, f"systemctl stop {' '.join(reversed(UNITS))}; systemctl reset-failed 'kura-try-*'; rm -rf {FOLDER}"
        )


def test_a_battery_is_tested_over_the_line_and_what_came_out_is_kept(twin, unit) -> None:
    """Also case 10 of the power plan: while a unit is calibrating no other test begins, and nobody stops."""
    reader, quality = unit
    running = twin.running()
    done = twin.run(reader, TEST)
    assert done.ok, done.stdout
    row = json.loads(twin.run(reader, f"cat {FOLDER}/results.json").stdout)["try"]
    assert (row["passed"], row["running"], row["command"]) == (quality == "good", False, battery.QUICK)
    assert twin.run(reader, TEST).ok
    assert json.loads(twin.run(reader, f"cat {FOLDER}/results.json").stdout)["try"]["tested"] == row["tested"]
    assert twin.running() == running


def test_a_deployment_puts_a_battery_test_off(twin) -> None:
    reader = twin.site.power.units[0].read_by
    kept = twin.run(reader, "cat /var/lib/kura-ups/battery.json 2>/dev/null").stdout
    assert twin.run(reader, "touch /run/kura-deploying").ok
    try:
        command = "PYTHONPATH=/usr/local/lib/kura python3 -m ups.battery /etc/kura/battery.json --now"
        done = twin.run(reader, command)
        assert done.rc == battery.PUT_OFF
        assert "a deployment is under way" in done.stdout
        assert twin.run(reader, "cat /var/lib/kura-ups/battery.json 2>/dev/null").stdout == kept
    finally:
        assert twin.run(reader, "rm -f /run/kura-deploying").ok
