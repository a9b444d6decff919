"""The audit log on the running appliance: sealed, kept elsewhere, verified; and nothing readable on any wire."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backup import seals

ROOT = Path(__file__).resolve().parents[2]
TERMINAL = "staff-nagano-1"

# Copies every packet of every interface to standard output until it is ended.
CAPTURE = """
import socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
sys.stderr.write("listening\\n")
sys.stderr.flush()
while True:
    sys.stdout.buffer.write(wire.recv(70000))
    sys.stdout.buffer.flush()
"""


def psql(twin, sql: str) -> str:
    """Run SQL as the database's administrator, a superuser."""
    done = twin.run("db1", "cd / && runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -d kura", stdin=sql)
    assert done.ok, done.stdout
    return done.stdout.strip()


def verify(twin, tmp_path: Path) -> tuple[int, dict]:
    """What `./kura audit verify` says: exit code and result."""
    answer = tmp_path / "audit.json"
    argv = [str(ROOT / "kura"), "--inventory", twin.site.name, "audit", "verify", "--json", str(answer)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert answer.exists(), done.stdout + done.stderr
    return done.returncode, json.loads(answer.read_text())


def until(condition, patience: float = 180) -> bool:
    """Ask again every second until it holds; False when it did not in time."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(1)
    return True


@pytest.fixture(scope="module")
def sealed(twin) -> int:
    """An event that was sealed, and whose seal the backup host has; its id. Sealing runs every minute."""
    number = int(
        psql(
            twin,
            "INSERT INTO audit_auditevent (actor_kind, actor, operation, outcome, subject_type, subject_id, purpose,"
            " request_id, detail) VALUES ('system', 'twin', 'test.seal', 'done', '', '', '', '', '{}') RETURNING id",
        )
    )
    top = "SELECT coalesce(max(top), 0) FROM audit_auditseal"
    assert until(lambda: int(psql(twin, top)) >= number), "no seal within three minutes"
    last = psql(twin, "SELECT max(number) FROM audit_auditseal")
    kept = f"tail -n 1 {seals.KEPT} | cut -f 2"
    reached = lambda: f'"number":{last},' in twin.run("bak1", kept).stdout  # noqa: E731
    assert until(reached), "the seal did not reach the backup host"
    return number


@pytest.mark.req("F-AUD-003")
def test_the_log_verifies_against_the_seals_that_the_backup_host_keeps(twin, sealed, tmp_path):
    code, result = verify(twin, tmp_path)
    assert code == 0, result
    assert result["events"] > 0
    assert 0 < result["copied"] <= result["seals"]


@pytest.mark.req("F-AUD-003")
def test_one_row_that_a_superuser_altered_is_named(twin, sealed, tmp_path):
    write = "SET session_replication_role = replica; UPDATE audit_auditevent SET actor = '{}' WHERE id = {}"
    psql(twin, write.format("somebody", sealed))
    try:
        code, result = verify(twin, tmp_path)
    finally:
        psql(twin, write.format("twin", sealed))
    assert code == 1
    assert [(fault["kind"], fault["event"]) for fault in result["faults"]] == [("altered", sealed)]
    assert verify(twin, tmp_path)[0] == 0


@pytest.mark.req("F-AUD-003")
def test_the_sealers_key_opens_no_shell_and_changes_nothing_that_is_kept(twin, sealed):
    address = twin.site.host("bak1").address
    ssh = (
        "ssh -i /etc/kura/seal/id_ed25519 -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes"
        f" -o UserKnownHostsFile=/etc/kura/seal/known_hosts seals@{address}"
    )
    size = twin.run("bak1", f"stat -c %s {seals.KEPT}").stdout.strip()
    whole = f"head -c {size} {seals.KEPT} | sha256sum"
    before = twin.run("bak1", whole).stdout
    for command in ("id", f"rm {seals.KEPT}", f"cat {seals.KEPT}"):
        done = twin.run("app1", f"{ssh} '{command}' < /dev/null")
        assert re.fullmatch(r"last \d+ [0-9a-f]{64}\nkept \d+\n?", done.stdout), done.stdout
    forged = twin.run("app1", f"echo '{{\"number\": 1}}' | {ssh}")
    assert not forged.ok
    # The minute's own seals may have been added; what was there before is there still.
    assert twin.run("bak1", whole).stdout == before


@pytest.mark.req("F-AUD-003")
def test_the_application_itself_reads_no_key_that_signs(twin):
    for path in ("/etc/kura/seal/seal.pem", "/etc/kura/seal/id_ed25519"):
        assert not twin.run("app1", f"runuser -u kura -- cat {path}").ok
    assert "kura-seal" in twin.run("app1", "systemctl show -p User kura-audit-seal.service").stdout


@contextmanager
def captured(twin, hosts: list[str], folder: Path) -> Iterator[dict[str, bytes]]:
    """Everything on the wires of these hosts while the block runs; the dictionary is filled when it ends."""
    seen: dict[str, bytes] = {}
    running = {}
    try:
        for host in hosts:
            argv = twin.lab.inside_argv(host, [sys.executable, "-c", CAPTURE])
            with (folder / host).open("wb") as packets:
                running[host] = subprocess.Popen(argv, stdout=packets, stderr=subprocess.PIPE)
            assert running[host].stderr.readline() == b"listening\n"
        yield seen
    finally:
        for host, capture in running.items():
            capture.kill()
            capture.wait(timeout=20)
            seen[host] = (folder / host).read_bytes()


@pytest.mark.req("F-AUD-013")
def test_a_loan_from_scan_to_database_shows_the_card_number_on_no_wire_and_in_no_log(twin, tmp_path):
    card = twin.secret("demo_card")
    item = psql(
        twin,
        "SELECT barcode FROM catalog_item i WHERE status = 'in_stock' AND NOT reference_only AND NOT EXISTS"
        " (SELECT 1 FROM circulation_loan l WHERE l.item_id = i.id) AND NOT EXISTS"
        " (SELECT 1 FROM holds_hold h WHERE h.record_id = i.record_id) ORDER BY id LIMIT 1",
    )
    host, jar = twin.site.fqdn("staff"), tmp_path / "jar"
    address = twin.site.service("library").hosts[0].address

    def ask(path: str, *options: str) -> str:
        done = twin.inside(
            TERMINAL, "curl", "-sS", "-m", "20", "--cacert", str(twin.state / "ca.crt"), "-b", str(jar), "-c", str(jar),
            "--resolve", f"{host}:443:{address}", "-e", f"https://{host}/", *options, f"https://{host}{path}",
        )  # fmt: skip
        assert done.ok, done.stdout
        return done.stdout

    def token(page: str) -> str:
        return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]

    def scan(path: str, number: str, key: str = "") -> dict:
        posted = ["--data-urlencode", f"scan={number}", "--data-urlencode", f"token={key}"]
        csrf = ["--data-urlencode", f"csrfmiddlewaretoken={token(ask(path))}"]
        return json.loads(ask(path, *posted, *csrf, "-H", "Accept: application/json"))

    began = twin.run("app1", "date +%s").stdout.strip()
    with captured(twin, ["rt-nagano", "gw1", "app1", "db1"], tmp_path) as seen:
        sign_in = [
            "--data-urlencode",
            "number=librarian",
            "--data-urlencode",
            f"password={twin.secret('demo_librarian')}",
        ]
        ask("/staff/sign-in/", *sign_in, "--data-urlencode", f"csrfmiddlewaretoken={token(ask('/staff/sign-in/'))}")
        opened = scan("/counter/", card)
        assert opened["opened"] is True
        lent = scan("/counter/", item, opened["token"])
        try:
            assert lent["code"] == "lend", lent
        finally:
            scan("/counter/return/", item)
    for where, packets in seen.items():
        assert len(packets) > 5000, f"nothing was seen at {where}"
        assert card.encode() not in packets, f"the card number can be read at {where}"
        assert item.encode() not in packets, f"the item number can be read at {where}"
    # A browser and a server did talk there, and the tunnel between the library and the data centre hides even that.
    assert host.encode() in seen["app1"]
    logs = f"{{ cat /var/log/nginx/*.log; journalctl --since=@{began} --output=cat; }} 2>/dev/null"
    for name in ("app1", "gw1"):
        assert card not in twin.run(name, logs).stdout
    assert (
        card
        not in twin.run("db1", f"{{ cat /var/log/postgresql/*.log; journalctl --since=@{began}; }} 2>/dev/null").stdout
    )


def test_the_database_takes_the_application_over_tls_only(twin):
    rows = psql(
        twin,
        "SELECT count(*) FILTER (WHERE NOT ssl), count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
        " WHERE usename = 'kura_app'",
    )
    plain, every = rows.split("|")
    assert plain == "0"
    assert int(every) > 0
