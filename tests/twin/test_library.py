"""The library as a browser meets it: its names over TLS, from where they may be asked, and when it is down."""

from __future__ import annotations

import concurrent.futures
import json
import re
import secrets
import subprocess
import sys
import time

import pytest

from cli.benches import marc_file

STOP = "systemctl stop kura-library.socket kura-library.service"
START = "systemctl start kura-library.socket kura-library.service"

# Copies every packet of an interface to standard output until it is ended.
CAPTURE = """
import socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind((sys.argv[1], 0))
sys.stderr.write("listening\\n")
sys.stderr.flush()
while True:
    sys.stdout.buffer.write(wire.recv(70000))
    sys.stdout.buffer.flush()
"""


@pytest.fixture(scope="module")
def fetch(twin):
    """curl on a host's network, trusting the appliance's own authority only. `name` is opac or staff."""
    address = twin.site.service("library").hosts[0].address

    def run(source, name, path, *options, authority=None):
        host = twin.site.fqdn(name)
        trusted = authority or str(twin.state / "ca.crt")
        return twin.inside(
            source, "curl", "-sS", "-m", "20", "--cacert", trusted, "--resolve", f"{host}:443:{address}", *options,
            f"https://{host}{path}",
        )  # fmt: skip

    return run


def status(fetch, *arguments):
    """The status of an answer; 0 when there was none."""
    found = re.findall(r"^HTTP/\S+ (\d+)", fetch(*arguments, "-i").stdout, flags=re.MULTILINE)
    return int(found[0]) if found else 0


def until(condition, patience=60):
    """Ask again until it holds; False when it did not in time."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if condition():
            return True
    return False


def test_the_opac_answers_a_kiosk_over_tls_through_the_tunnel(fetch):
    done = fetch("opac-nagano-1", "opac", "/", "-w", "\n%{http_code} %{http_version} %{ssl_verify_result}")
    assert done.ok, done.stdout
    assert "蔵書検索" in done.stdout
    assert done.stdout.splitlines()[-1] == "200 2 0"


def test_a_browser_that_does_not_know_our_authority_is_warned(fetch):
    assert fetch("operator", "opac", "/", authority="/etc/ssl/certs/ca-certificates.crt").rc == 60


def test_tls_before_1_2_is_refused(fetch):
    old = ["--tls-max", "1.1", "--tlsv1.0", "--ciphers", "DEFAULT@SECLEVEL=0"]
    assert fetch("operator", "opac", "/health", "--tls-max", "1.2", "--ciphers", "DEFAULT@SECLEVEL=0").ok
    assert fetch("operator", "opac", "/health", *old).rc == 35


def test_health_names_the_current_release_and_the_database(twin, fetch):
    told = json.loads(fetch("operator", "opac", "/health").stdout)
    assert told["status"] == "ok"
    assert told["database"] is True
    assert twin.run("app1", "readlink /opt/kura/current").stdout.strip().endswith("/" + told["release"])


def test_staff_pages_answer_operations(fetch):
    assert status(fetch, "operator", "staff", "/staff/sign-in/") == 200


@pytest.mark.parametrize(
    "options",
    [(), ("-H", "X-Forwarded-For: 10.81.1.75"), ("-H", "X-Real-IP: 10.81.1.75"), ("-H", "X-Forwarded-Host: opac")],
)
def test_staff_pages_are_refused_to_a_kiosk_whatever_it_claims(fetch, options):
    done = fetch("opac-nagano-1", "staff", "/staff/sign-in/", "-w", "\n%{http_code}", *options)
    assert done.stdout.endswith("\n403"), done.stdout
    assert "この端末からはご利用いただけません" in done.stdout


def test_staff_pages_are_refused_to_a_kiosk_under_the_public_name(twin, fetch):
    assert status(fetch, "opac-nagano-1", "opac", "/health") == 200
    assert status(fetch, "opac-nagano-1", "opac", "/counter/") == 404
    assert status(fetch, "opac-nagano-1", "opac", "/staff/", "-H", f"Host: {twin.site.fqdn('staff')}") == 403


def test_a_name_that_is_not_ours_gets_neither_certificate_nor_page(twin, fetch):
    assert fetch("operator", "intruder", "/", "-k").rc == 35
    assert status(fetch, "operator", "opac", "/", "-H", "Host: intruder.example") == 421


@pytest.mark.req("F-AUD-005")
def test_no_log_has_an_address_neither_anybodys_ticket_nor_what_was_looked_for(twin, fetch):
    """Whoever reads logs for six years must not find an address with which an account opens, nor, beside the audit log,
    what a reader looked at: neither in the files of the host, nor in its journal, nor in the archive."""
    secret, began = secrets.token_hex(12), int(time.time()) - 1
    for path in (f"/my/reset/{secret}/", f"/en/my/mail/{secret}/", f"/?q={secret}", f"/{secret}", "/records/0/"):
        assert status(fetch, "operator", "opac", path)
    # An error of nginx quotes the whole request.
    assert status(fetch, "opac-nagano-1", "staff", f"/catalog/records/0/?q={secret}") == 403
    grown = f"find /var/log/archive/live -newermt @{began} -name '*.log' -exec cat {{}} +"
    for line in ('"GET /my/reset/<str:token>/" ', "access forbidden by rule"):
        assert until(lambda line=line: twin.run("mon1", f"{grown} | grep -cF -- '{line}'").ok), line
    journal = f"journalctl --since=@{began} --output=cat"
    assert until(lambda: twin.run("app1", f"{journal} -u kura-library | grep -cF 'Not Found: GET -'").ok)
    for host, kept in (
        ("mon1", grown),
        ("app1", f"{{ cat /var/log/nginx/*.log; {journal}; }}"),
    ):
        # By standard input: the search itself leaves no trace of the word.
        found = twin.run(host, f'read -r word; {kept} | grep -F -- "$word"', stdin=f"{secret}\n")
        assert not found.ok, found.stdout


@pytest.mark.req("F-CAT-006")
def test_the_weekly_delivery_is_taken_in_by_the_clock_once(twin, tmp_path):
    """What lies in the folder is imported without anybody's hand, counted, and not taken twice."""
    seed = int(time.time()) % 10_000
    marc_file.write(tmp_path / "weekly.mrc", 3, seed)
    name = f"weekly-{seed}.mrc"
    put = twin.run("app1", f"cat > /var/lib/kura-marc/{name}", stdin=(tmp_path / "weekly.mrc").read_text())
    assert put.ok, put.stdout
    asked = f"SELECT state, created, updated, deleted FROM exchange_importrun WHERE file_name = '{name}'"

    def runs():
        return twin.run("db1", "cd / && runuser -u postgres -- psql -XqAt -d kura", stdin=asked).stdout.split()

    try:
        assert until(lambda: runs() == ["done|3|0|0"], 150), runs()
        assert twin.run("app1", "systemctl start kura-library-jobs@often.service").ok
        assert len(runs()) == 1
    finally:
        twin.run("app1", f"rm /var/lib/kura-marc/{name}")


def test_static_files_may_be_kept_for_ever_under_names_that_change(fetch):
    style = re.search(r'href="(/static/[^"]+\.[0-9a-f]{12}\.css)"', fetch("operator", "opac", "/").stdout)
    assert style
    done = fetch("operator", "opac", style[1], "-i")
    assert "immutable" in done.stdout
    assert "strict-transport-security" in done.stdout


def test_figures_are_for_the_monitoring_host_only(twin):
    url = f"http://{twin.site.service('library').hosts[0].address}:9180/metrics"
    monitor = twin.site.service("prometheus").hosts[0].name
    assert "kura_database_up 1.0" in twin.run(monitor, f"curl -sS -m 10 {url}").stdout
    for elsewhere in ("operator", "opac-nagano-1"):
        assert not twin.inside(elsewhere, "curl", "-sS", "-m", "2", url).ok


def test_a_restart_refuses_no_request(twin, fetch):
    restart = subprocess.Popen(
        ["ssh", "-F", str(twin.lab.ssh_config), "app1", "systemctl restart kura-library.service"],
        stdin=subprocess.DEVNULL,
    )
    seen = [status(fetch, "operator", "opac", "/health")]
    while restart.poll() is None:
        seen.append(status(fetch, "operator", "opac", "/health"))
    assert restart.returncode == 0
    assert set(seen) == {200}, seen


@pytest.mark.req("S-SW-006")
@pytest.mark.parametrize("form", [[], ["--data", "scan=1"]], ids=["page", "form"])
def test_a_stopped_application_shows_a_page_in_japanese_and_comes_back(twin, fetch, form):
    assert twin.run("app1", STOP).ok
    try:
        done = fetch("operator", "opac", "/", "-i", *form)
        assert " 503" in done.stdout.splitlines()[0]
        assert "retry-after: 60" in done.stdout
        assert "ただいまご利用いただけません" in done.stdout
    finally:
        assert twin.run("app1", START).ok
    assert until(lambda: status(fetch, "operator", "opac", "/health") == 200)


def test_the_wires_of_the_application_host_show_no_card_number(twin, fetch):
    card = "99887766554433"
    argv = twin.lab.inside_argv("app1", [sys.executable, "-c", CAPTURE, "app"])
    capture = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert capture.stderr.readline() == b"listening\n"
        assert status(fetch, "operator", "opac", f"/?q={card}") == 200
        assert status(fetch, "operator", "opac", "/my/sign-in/", "-H", f"X-Card: {card}") == 200
    finally:
        capture.kill()
        seen, _ = capture.communicate(timeout=20)
    assert twin.site.fqdn("opac").encode() in seen, "the browser's connection was not seen"
    assert len(seen) > 5000
    assert card.encode() not in seen


def codes(fetch, source, path, *options):
    """The statuses of many answers of the catalogue, asked by one program of a host; and all headers."""
    said = fetch(source, "opac", path, *options, "-o", "/dev/null", "-D", "-").stdout
    return [int(code) for code in re.findall(r"^HTTP/\S+ (\d+)", said, flags=re.MULTILINE)], said


@pytest.mark.req("F-OPA-028")
def test_who_asks_steadily_is_served_and_who_floods_is_told_to_wait_while_a_reader_is_answered(twin, fetch):
    sessions = "SELECT count(*) FROM django_session"

    def count():
        return int(twin.run("db1", "cd / && runuser -u postgres -- psql -XqAt -d kura", stdin=sessions).stdout)

    before = count()
    robot, _ = codes(fetch, "operator", "/records/[1-60]/", "--rate", "6/s")
    assert len(robot) == 60
    assert 429 not in robot
    searching, _ = codes(fetch, "operator", "/?q=[1-30]", "--rate", "6/s")
    assert set(searching) <= {200, 302}
    with concurrent.futures.ThreadPoolExecutor() as side:
        flood = side.submit(codes, fetch, "operator", "/?q=[1-600]", "-Z", "--parallel-max", "60")
        reader = [status(fetch, "opac-nagano-1", "opac", "/kiosk/"), status(fetch, "opac-nagano-1", "opac", "/new/")]
        answers, said = flood.result()
    assert reader == [200, 200]
    assert answers.count(429) > 100
    assert answers.count(429) < len(answers)
    assert "retry-after" in said.lower()
    assert set(answers) <= {200, 302, 429}
    assert count() == before


@pytest.mark.req("F-SYS-014")
def test_the_librarys_own_work_runs_by_two_clocks_and_its_runs_are_kept(twin):
    for lane in ("often", "daily"):
        assert twin.run("app1", f"systemctl is-active kura-library-jobs@{lane}.timer").stdout.strip() == "active"
    sql = "SELECT count(*) FROM jobs_jobrun WHERE job = 'office.check' AND state = 'done'"
    ask = f'runuser -u postgres -- psql -d kura -At -c "{sql}"'
    assert until(lambda: int(twin.run("db1", ask).stdout or 0) > 0, patience=150)


@pytest.mark.req("F-AUD-015")
def test_maintainers_have_no_key_of_their_own_and_none_is_let_in_without_a_window(twin):
    settings = twin.run("mon1", "sshd -T -C user=maintenance,host=x,addr=10.0.0.1").stdout
    assert "authorizedkeyscommand /usr/local/sbin/kura-maintenance keys" in settings
    assert "authorizedkeysfile none" in settings
    assert "authorizedkeyscommand none" in twin.run("mon1", "sshd -T -C user=root,host=x,addr=10.0.0.1").stdout
    asked = twin.run("mon1", "runuser -u kura-gate -- /usr/local/sbin/kura-maintenance keys")
    assert asked.ok, asked.stdout  # the library answered, and named nobody
    assert asked.stdout.strip() == ""
