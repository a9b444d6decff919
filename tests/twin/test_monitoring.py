"""The running twin is measured whole: every target answers, no panel is dead, and an alert reaches the console."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from monitoring import dashboards, expected, rules, targets

PATIENCE_SECONDS = 120
ROOT = Path(__file__).parents[2]


def curl(twin, service: str, *arguments: str):
    """curl at the operator's workstation, which knows a service's names by the inventory."""
    found = twin.site.service(service)
    names = [
        f"{twin.site.fqdn(name)}:{port.port}:{found.hosts[0].address}"
        for name in found.row.names
        for port in found.listen
    ]
    resolved = [argument for name in names for argument in ("--resolve", name)]
    authority = ["--cacert", str(twin.state / "ca.crt")]
    return twin.inside("operator", "curl", "-sS", "-m", "30", *resolved, *authority, *arguments)


def ask(twin, path: str, **parameters: str):
    """What Prometheus on the monitoring host says."""
    site = twin.site
    url = f"http://{site.fqdn('prometheus')}:9090/api/v1/{path}?{urlencode(parameters)}"
    done = curl(twin, "prometheus", url)
    assert done.ok, done.stdout
    return json.loads(done.stdout)["data"]


def until(what, seconds: float = PATIENCE_SECONDS):
    """Ask until there is an answer; the last refusal is told."""
    deadline = time.monotonic() + seconds
    while True:
        trouble = what()
        if not trouble or time.monotonic() > deadline:
            return trouble
        time.sleep(2)


def monitor(twin) -> str:
    """The monitoring host's name."""
    return twin.site.service("prometheus").hosts[0].name


def test_every_target_of_the_running_hosts_is_scraped_and_up(twin):
    running = twin.running()
    expected = {(target.job, target.address) for target in targets.targets(twin.site, running)}

    def missing():
        up = {
            (row["metric"]["job"], row["metric"]["instance"])
            for row in ask(twin, "query", query="up")["result"]
            if row["value"][1] == "1"
        }
        return expected - up

    assert not until(missing)


def test_every_probe_of_the_running_hosts_succeeds(twin):
    expected = {probe.target for probe in targets.probe_targets(twin.site, twin.running())}

    def failing():
        good = {
            row["metric"]["instance"]
            for row in ask(twin, "query", query="probe_success")["result"]
            if row["value"][1] == "1"
        }
        return expected - good

    assert not until(failing)


def test_prometheus_has_every_alert_rule_and_knows_alertmanager(twin):
    groups = ask(twin, "rules")["groups"]
    known: dict[str, set[str]] = {"alerting": set(), "recording": set()}
    for rule in [rule for group in groups for rule in group["rules"]]:
        known[rule["type"]].add(rule["name"])
        assert rule["health"] in ("ok", "unknown"), rule
    assert known == {
        "alerting": {rules.HEARTBEAT, *(alert.name for alert in rules.load())},
        "recording": set(rules.recorded()),
    }
    assert len(ask(twin, "alertmanagers")["activeAlertmanagers"]) == 1


@pytest.fixture(scope="module")
def saved(twin):
    """A backup and a restore drill were done once and certificates looked at: else panels have nothing to show."""
    for host in twin.running():
        twin.run(host, "systemctl cat kura-certificates.service && systemctl start kura-certificates.service")
    for name, act in (
        ("kura_backup_last_success_timestamp_seconds", backup_once),
        ("kura_restore_drill_last_success_timestamp_seconds", drill_once),
    ):
        if not ask(twin, "query", query=name)["result"]:
            act(twin)


def backup_once(twin):
    done = twin.run("db1", "systemctl start kura-backup@daily.service")
    assert done.ok, done.stdout


def drill_once(twin):
    done = subprocess.run([ROOT / "kura", "drill", "restore"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("expr", dashboards.expressions())
def test_no_panel_is_dead(twin, saved, expr):
    assert not until(lambda: "" if ask(twin, "query", query=expr)["result"] else f"no series: {expr}")


def test_an_alert_reaches_the_console_through_alertmanager(twin):
    host = monitor(twin)
    name = f"TwinTest{int(time.time())}"
    added = twin.run(
        host,
        f"amtool --alertmanager.url=http://localhost:9093 alert add {name} host={host} severity=warning "
        "--annotation=summary=試験の通知 --annotation=runbook=node#HostDown",
    )
    assert added.ok, added.stdout
    program = (
        "import sqlite3\n"
        "rows = sqlite3.connect('/var/lib/kura/console.sqlite3').execute("
        f"'SELECT count(*) FROM operations_alertevent WHERE name = ?', ['{name}'])\n"
        "print(rows.fetchone()[0])\n"
    )

    def unheard():
        heard = twin.run(host, "python3 -", stdin=program)
        return "" if heard.stdout.strip() == "1" else heard.stdout

    assert not until(unheard, 60)


def test_the_console_signs_its_operator_in_over_tls_and_answers_the_overview(twin, tmp_path):
    console = f"https://{twin.site.fqdn('console')}"
    jar = ("-c", str(tmp_path / "cookies"), "-b", str(tmp_path / "cookies"))
    page = curl(twin, "console", *jar, f"{console}/sign-in/").stdout
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token, page
    form = {"csrfmiddlewaretoken": token[1], "username": "operator", "password": twin.secret("demo_operator")}
    curl(twin, "console", *jar, "-e", f"{console}/sign-in/", "-d", urlencode(form), f"{console}/sign-in/")
    overview = curl(twin, "console", *jar, f"{console}/").stdout
    for question in ("図書館は開いているか", "データは無事か", "次に足りなくなるもの"):
        assert question in overview
    assert "応答しないため" not in overview


def test_the_console_lives_on_the_monitoring_host_without_the_library(twin):
    """Its configuration names neither the library's database nor its hosts; it answers while the library does not."""
    settings = twin.run(monitor(twin), "cat /etc/kura/console.json").stdout
    assert "5432" not in settings
    assert "postgres" not in settings
    units = "kura-library.socket kura-library.service"
    assert twin.run("app1", f"systemctl stop {units}").ok
    library = ("curl", "-sk", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "--resolve")
    opac = twin.site.fqdn("opac")
    asked = " ".join([*library, f"{opac}:443:127.0.0.1", f"https://{opac}/health"])
    try:
        assert twin.run("app1", asked).stdout.strip() != "200"
        console = f"https://{twin.site.fqdn('console')}"
        assert json.loads(curl(twin, "console", f"{console}/health").stdout)["status"] == "ok"
        assert 'name="password"' in curl(twin, "console", f"{console}/sign-in/").stdout
    finally:
        assert twin.run("app1", "systemctl start kura-library.socket kura-library.service").ok
    assert not until(lambda: "" if twin.run("app1", asked).stdout.strip() == "200" else "the library is still away")


def test_what_is_measured_hourly_and_by_the_minute_on_hosts_is_in_a_scrape(twin, saved):
    """The end of every certificate, and the tunnel to the library whose router runs."""
    for host, service in (("gw1", "mail"), (monitor(twin), "logs"), ("gw1", "ca")):
        ends = f'kura_certificate_expiry_timestamp_seconds{{host="{host}", service="{service}"}} - time() > 14 * 86400'
        assert not until(lambda expr=ends: "" if ask(twin, "query", query=expr)["result"] else f"no series: {expr}")
    alive = 'time() - kura_wireguard_last_handshake_timestamp_seconds{host="gw1", peer="rt-nagano"} < 300'
    assert not until(lambda: "" if ask(twin, "query", query=alive)["result"] else f"no series: {alive}")


def test_every_metric_that_an_alert_or_panel_names_was_recorded_from_programs_that_still_say_so(twin, saved):
    """Of ours that must be there always (monitoring/expected.py), in this very scrape; the others when they happen."""
    running = set(twin.running())
    must = {
        (row.metric, row.host)
        for row in expected.expected(twin.site)
        if {row.host, row.at} <= running and row.within == "hour"
    }

    def missing() -> set[tuple[str, str]]:
        rows = ask(twin, "query", query='{__name__=~"kura_.+"}')["result"]
        return must - {(row["metric"]["__name__"], row["metric"]["host"]) for row in rows}

    assert not until(missing)


def test_an_upload_that_is_too_large_is_refused_in_japanese(twin, tmp_path):
    upload = tmp_path / "upload"
    upload.write_bytes(bytes(9 * 1024 * 1024))
    url = f"https://{twin.site.fqdn('console')}/sign-in/"
    page = curl(twin, "console", "-F", f"file=@{upload}", "-w", "%{http_code}", url).stdout
    assert page.rstrip().endswith("413")
    assert "ファイルが大きすぎます" in page


def test_measurements_are_refused_to_a_host_outside_operations(twin):
    if "app1" not in twin.running():
        pytest.fail("app1 is not running")
    database = twin.site.host("db1").address
    refused = twin.run("app1", f"curl -s -m 3 -o /dev/null http://{database}:9100/metrics")
    assert not refused.ok


SINK = "/var/lib/kura-sink"


def mails_to(twin, address: str, *words: str) -> str:
    """Names of the mails in the sink to an address that hold all the words in their header or body, decoded."""
    program = (
        "import email, glob, json, sys\n"
        "from email import policy\n"
        "address, *words = json.loads(sys.argv[1])\n"
        f"for path in glob.glob('{SINK}/**', recursive=True):\n"
        "    try: mail = email.message_from_binary_file(open(path, 'rb'), policy=policy.default)\n"
        "    except OSError: continue\n"
        "    body = mail.get_body(('plain',))\n"
        "    text = f\"{mail['Subject']}\\n{body.get_content() if body else ''}\"\n"
        "    if address in str(mail['To']) and all(word in text for word in words): print(path)\n"
    )
    done = twin.run("gw1", f"python3 - '{json.dumps([address, *words])}'", stdin=program)
    assert done.ok, done.stdout
    return done.stdout.strip()


@pytest.mark.req("S-MON-001")
def test_people_on_duty_get_a_mail_about_what_is_critical(twin):
    host = monitor(twin)
    name = f"TwinMail{int(time.time())}"
    added = twin.run(
        host,
        f"amtool --alertmanager.url=http://localhost:9093 alert add {name} host={host} severity=critical "
        f"--annotation=summary={name}の通知 --annotation=impact=影響なし --annotation=first_step=なにもしない",
    )
    assert added.ok, added.stdout
    people = [role.mail for role in twin.site.contacts.roles if role.id in ("operations", "infrastructure")]
    for address in people:
        assert not until(lambda to=address: "" if mails_to(twin, to, "【緊急】", name, "影響なし") else to, 90)


@pytest.mark.req("S-MON-001")
def test_somebody_is_called_when_the_monitoring_itself_is_silent(twin):
    host, operations = monitor(twin), next(r.mail for r in twin.site.contacts.roles if r.id == "operations")
    look = "systemctl start kura-watcher.service"
    state = "/var/lib/kura-watcher/state.json"
    assert twin.run("gw1", "systemctl is-active kura-watcher.timer").ok
    alarm = "監視そのものが止まっています"
    over = "監視は再び動いています"
    before, before_over = mails_to(twin, operations, alarm), mails_to(twin, operations, over)
    assert twin.run(host, "systemctl stop prometheus-alertmanager").ok
    try:
        assert twin.run("gw1", look).ok
        since = json.loads(twin.run("gw1", f"cat {state}").stdout)["since"]
        assert since > 0
        # As if it had begun four minutes earlier.
        assert twin.run("gw1", f"cat > {state}", stdin=json.dumps({"since": since - 240, "told": 0})).ok
        assert twin.run("gw1", look).ok
        assert not until(lambda: "" if mails_to(twin, operations, alarm) != before else "no mail")
    finally:
        assert twin.run(host, "systemctl start prometheus-alertmanager").ok

    def still():
        twin.run("gw1", look)
        return "" if mails_to(twin, operations, over) != before_over else "no mail"

    assert not until(still, 180)
    assert json.loads(twin.run("gw1", f"cat {state}").stdout) == {"since": 0, "told": 0}
