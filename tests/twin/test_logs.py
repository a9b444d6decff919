"""Records of every host on the running appliance: errors are listed in minutes, sealed, kept elsewhere, verified."""

from __future__ import annotations

import json
import random
import re
import string
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backup import seals
from monitoring import history
from network.logs import senders
from tests.twin.test_backup import RESTORE
from tests.twin.test_monitoring import curl, until

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = "/var/log/archive"
# The requirement: an error that was caused is in the list after at most five minutes.
LISTED_SECONDS = 300


@pytest.fixture(scope="module")
def collector(twin) -> str:
    """The host that keeps the records."""
    return twin.site.service("logs").hosts[0].name


@pytest.fixture(scope="module")
def signed_in(twin, tmp_path_factory):
    """Asks the console as its administrator: path → page."""
    console = f"https://{twin.site.fqdn('console')}"
    cookies = str(tmp_path_factory.mktemp("console") / "cookies")
    jar = ("-c", cookies, "-b", cookies)
    page = curl(twin, "console", *jar, f"{console}/sign-in/").stdout
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token, page
    form = {"csrfmiddlewaretoken": token[1], "username": "operator", "password": twin.secret("demo_operator")}
    curl(twin, "console", *jar, "-e", f"{console}/sign-in/", "-d", urlencode(form), f"{console}/sign-in/")
    return lambda path: curl(twin, "console", *jar, f"{console}{path}").stdout


@pytest.mark.req("S-LOG-002")
def test_errors_of_system_database_and_web_server_are_in_the_list_within_five_minutes(twin, signed_in):
    mark = f"probe{int(time.time())}"
    began = time.monotonic()
    # The operating system: a service that cannot start.
    failed = twin.run(
        "gw1", f"systemd-run --unit={mark} --service-type=oneshot /bin/false; systemctl reset-failed {mark}"
    )
    assert "failed" in failed.stdout or not failed.ok
    # The database: a statement that it refuses, under a name that is looked for.
    twin.run("db1", f"cd / && runuser -u postgres -- psql -Xq -d kura -c 'SELECT * FROM {mark}'")
    # The web server: it serves a static name that is not there.
    twin.run(
        "app1",
        f"curl -sk --resolve {twin.site.fqdn('opac')}:443:127.0.0.1 https://{twin.site.fqdn('opac')}/static/{mark}.css",
    )

    def missing() -> set[str]:
        page = signed_in("/logs/")
        table = page.partition("この1日の誤り")[2].partition("だれが検索したか")[0]
        rows = [row for row in table.split("</tr>") if mark in row]
        return {"gw1", "db1", "app1"} - {host for host in ("gw1", "db1", "app1") for row in rows if f">{host}<" in row}

    left = until(missing, LISTED_SECONDS)
    assert not left, f"not listed after {LISTED_SECONDS} s: {left}"
    assert time.monotonic() - began < LISTED_SECONDS


@pytest.mark.req("S-LOG-001")
def test_what_a_disk_s_watch_says_is_a_record_of_hardware_and_who_became_root_one_of_operation(twin, collector):
    """Sorted by the sending host itself: of the disks' watch (smartd's name), and of a real use of sudo."""
    mark = f"kind{int(time.time())}"
    assert twin.run("gw1", f"logger -t smartd -p daemon.err 'Device: /dev/sdb, {mark} failed SMART'").ok
    assert twin.run("gw1", f"sudo -n /bin/echo {mark}").ok

    def missing() -> set[str]:
        found = twin.run(collector, f"grep -rlF {mark} {ARCHIVE}/live").stdout
        kinds = {line.rsplit("/", 1)[1].removesuffix(".log") for line in found.splitlines() if "/gw1/" in line}
        return {"hardware", "operation"} - kinds

    assert not until(missing)


@pytest.mark.req("S-LOG-001", "S-LOG-002")
def test_every_running_server_and_router_is_heard(twin, collector):
    expected = {host.name for host in senders(twin.site)} & set(twin.running())

    def silent() -> set[str]:
        found = twin.run(collector, f"ls -d {ARCHIVE}/live/*/*/os.log {ARCHIVE}/live/*/*/application.log").stdout
        return expected - {line.split("/")[-2] for line in found.splitlines() if line.startswith(ARCHIVE)}

    assert not until(silent)


@pytest.mark.req("S-LOG-001")
def test_each_hosts_use_is_recorded_by_the_minute_and_shown(twin, collector, signed_in):
    assert twin.run(collector, "systemctl start kura-history.service").ok
    page = signed_in("/logs/machines/?host=db1")
    for title in ("CPU", "メモリ", "ディスク", "ネットワーク"):
        assert f"<figcaption>{title}</figcaption>" in page
    assert page.count('<td class="number">') >= 4
    # Of every panel the hours are kept for years, too, and the page of six years is drawn from them.
    program = (
        "import sqlite3\n"
        f"store = sqlite3.connect('file:{history.DATABASE}?mode=ro', uri=True)\n"
        "print(store.execute('SELECT until FROM done WHERE what = ?', ['hours']).fetchone()[0] > 0)\n"
    )
    assert twin.run(collector, "python3 -", stdin=program).stdout.strip() == "True"
    years = signed_in("/dashboards/servers/?range=6y")
    assert "CPU使用率" in years
    assert "応答しない" not in years
    metrics = twin.run(collector, f"cat {history.TEXTFILE}").stdout
    for host in {host.name for host in senders(twin.site)} & set(twin.running()):
        assert f'kura_logs_last_timestamp_seconds{{host="{host}"}}' in metrics


def test_what_a_host_says_while_the_archive_is_away_arrives_later(twin, collector):
    mark = f"while-away-{int(time.time())}"
    assert twin.run(collector, "systemctl stop syslog.socket rsyslog.service").ok
    try:
        for number in range(3):
            assert twin.run("gw1", f"logger -t {mark} number {number}").ok
    finally:
        assert twin.run(collector, "systemctl start rsyslog.service syslog.socket").ok
    assert twin.run("gw1", f"logger -t {mark} number 3").ok

    def missing() -> set[str]:
        said = twin.run(collector, f"grep -rhF {mark} {ARCHIVE}/live").stdout
        return {number for number in "0123" if f"number {number}" not in said}

    assert not until(missing)


SHORT = "/usr/local/lib/kura/network/log_files.py /etc/kura/log-files.json"
# Written when packages change or a service starts, and small for ever; or not by lines.
SMALL = ("dpkg", "alternatives", "fontconfig", "apt/", "btmp", "lastlog", "wtmp", "postgresql/postgresql-17-main")


@pytest.mark.req("S-LOG-002")
def test_each_line_of_a_services_files_arrives_once_and_only_days_of_them_stay(twin, collector):
    """Though files are begun anew, and though the sender is stopped just then."""
    mark = "kura" + "".join(random.choices(string.ascii_lowercase, k=10))
    opac = twin.site.fqdn("opac")
    sending = "rsyslog.service syslog.socket"

    def write(word: str) -> None:
        """A request by a method that nobody else uses, and an error of the database."""
        method = (mark + word).upper()
        asked = twin.run("app1", f"curl -sk -o /dev/null -X {method} --resolve {opac}:443:127.0.0.1 https://{opac}/")
        assert asked.ok, asked.stdout
        twin.run("db1", f"cd / && runuser -u postgres -- psql -Xq -d kura -c 'SELECT * FROM {mark}{word}'")

    def turn() -> None:
        done = twin.run("app1", f"python3 {SHORT} --turn")
        assert re.search(r"begun .*\bopac-", done.stdout), done.stdout
        assert twin.run("db1", "cd / && runuser -u postgres -- psql -Xqc 'SELECT pg_rotate_logfile()'").ok

    write("a")
    turn()
    write("b")
    try:
        for host in ("app1", "db1"):
            assert twin.run(host, f"systemctl stop {sending}").ok
        write("c")
        turn()
        write("d")
    finally:
        for host in ("app1", "db1"):
            assert twin.run(host, f"systemctl start {sending}").ok
    write("e")
    counted = f"grep -ohiE '{mark}[a-e]' {ARCHIVE}/live/*/%s.log | tr A-Z a-z | sort"
    expected = [mark + word for word in "abcde"]

    def missing() -> dict[str, list[str]]:
        found = {name: twin.run(collector, counted % name).stdout.split() for name in ("app1/access", "db1/database")}
        return {name: words for name, words in found.items() if not set(expected) <= set(words)}

    assert not until(missing)
    for name in ("app1/access", "db1/database"):
        assert twin.run(collector, counted % name).stdout.split() == expected, name
    for host, stem in (("app1", "/var/log/nginx/opac"), ("db1", "/var/log/postgresql/postgresql")):
        old = f"{stem}-20200101-000000.log"
        assert twin.run(host, f"touch -d '30 days ago' {old} && systemctl start kura-log-files.service").ok
        left = twin.run(host, f"ls {stem}-2*.log").stdout
        assert old not in left
        assert left.strip()


def test_no_host_has_a_log_file_that_grows_without_end(twin):
    """Whatever is written under /var/log is one of the files that are begun each day, or small by its nature."""
    listed = (
        "find /var/log -xdev -type f -not -path '/var/log/journal/*' -not -path '/var/log/archive/*' -printf '%P %s\\n'"
    )
    for host in [host.name for host in senders(twin.site) if host.name in twin.running()]:
        for line in twin.run(host, listed).stdout.splitlines():
            name, size = line.rsplit(" ", 1)
            short = re.match(r"(nginx|postgresql)/[^/]+-\d{8}-\d{6}\.log$", name)
            assert short or (name.startswith(SMALL) and int(size) < 2**24) or size == "0", (host, line)


def test_a_host_is_named_by_where_it_speaks_from(twin, collector):
    """Not by the name that it gives itself; and what no host of the inventory sends does not arrive as one."""
    mark = f"posing-{int(time.time())}"
    assert twin.run("gw1", f"logger --rfc5424 -t {mark} hostname=db1").ok
    found = until(lambda: "" if twin.run(collector, f"grep -rlF {mark} {ARCHIVE}/live").ok else "not there")
    assert not found
    assert "/gw1/" in twin.run(collector, f"grep -rlF {mark} {ARCHIVE}/live").stdout


@pytest.mark.req("S-LOG-005")
def test_a_closed_day_is_sealed_kept_elsewhere_and_an_alteration_is_found(twin, collector, tmp_path):
    day = "2020-01-02"
    text = "2020-01-02T03:04:05.000000+00:00\\tapp1\\tsudo\\tnotice\\twho did it\\n"
    put = f"install -d {ARCHIVE}/live/{day}/app1 && printf '{text}' > {ARCHIVE}/live/{day}/app1/operation.log"
    assert twin.run(collector, put).ok
    closed = twin.run(collector, "systemctl start kura-logs-close.service", patience=300)
    assert closed.ok, twin.run(collector, "journalctl -n 30 -u kura-logs-close").stdout
    folder = twin.run(collector, f"ls -d {ARCHIVE}/2020/01/02* | tail -n 1").stdout.strip()
    chain = twin.run(collector, f"cat {ARCHIVE}/chain").stdout.splitlines()
    kept = twin.run(twin.site.backup.repository, f"cut -f 2 {seals.LOGS_KEPT}").stdout.splitlines()
    assert kept == chain
    assert verified(twin, tmp_path) == (0, [])
    # The records themselves are kept elsewhere too: they come back from the host's backup as they are.
    saved = twin.run(collector, "systemctl start kura-backup@daily.service", patience=300)
    assert saved.ok, saved.stdout
    back = twin.run(collector, f"{RESTORE} file {folder}/operation.gz --to /root/back/operation.gz", patience=300)
    assert back.ok, back.stdout
    same = twin.run(collector, f"cmp /root/back/operation.gz {folder}/operation.gz && rm -r /root/back")
    assert same.ok, same.stdout
    change = f"cp -a {folder}/operation.gz /root/kept.gz && printf x >> {folder}/operation.gz"
    assert twin.run(collector, change).ok
    try:
        code, faults = verified(twin, tmp_path)
    finally:
        assert twin.run(collector, f"mv /root/kept.gz {folder}/operation.gz").ok
    assert code == 1
    assert len(faults) == 1
    assert "operation.gz: 封印した時から変わっています" in faults[0]


def verified(twin, tmp_path: Path) -> tuple[int, list[str]]:
    """What `./kura logs verify` says."""
    answer = tmp_path / "logs.json"
    argv = [str(ROOT / "kura"), "--inventory", twin.site.name, "logs", "verify", "--json", str(answer)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert answer.exists(), done.stdout + done.stderr
    return done.returncode, json.loads(answer.read_text())["faults"]


@pytest.mark.req("S-LOG-005")
def test_other_accounts_and_other_hosts_do_not_reach_the_archive(twin, collector):
    assert twin.run(collector, f"runuser -u nobody -- ls {ARCHIVE}").rc != 0
    assert twin.run(collector, f"runuser -u kura-console -- cat {ARCHIVE}/chain").ok
    assert twin.run(collector, f"runuser -u kura-console -- touch {ARCHIVE}/chain").rc != 0
    assert twin.run(collector, f"runuser -u kura-console -- rm -f {ARCHIVE}/chain").rc != 0
    address = twin.site.service("logs").hosts[0].address
    assert twin.run("gw1", f"nc -z -w 3 {address} 20514").ok
    assert twin.inside("opac-nagano-1", "nc", "-z", "-w", "3", str(address), "20514").rc != 0
