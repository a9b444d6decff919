"""The console as it is deployed: its own settings, its own SQLite, gunicorn; no library, no PostgreSQL.

An area of the console (incidents, registers, logs …) imports the fixtures into its own conftest.py:

    from app.operations.tests.running import alone, deployed, start_console  # noqa: F401

`alone` is one console of the whole run, signed in as its administrator; `alone.signed_in("auditor")` is another
client in another role. Tests of one console see each other's records: look for your own, never count everybody's.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
# What the playbook passes between rooms; a process of its own, since app/ imports no other room.
DEPLOYED = """
import json
from inventory import load
from monitoring import dashboards, runbooks, targets
from monitoring.tests.promtool import binary
site = load("nagano")
host = site.service("prometheus").hosts[0]
document = {"dashboards": dashboards.document(site, host), "runbooks": runbooks.document(site, host)}
programs = {name: binary(name) for name in ("prometheus", "prometheus-alertmanager")}
print(json.dumps({"monitoring": document, "alerting": targets.alerting(site, host), **programs}))
"""
PASSWORD = "correct horse battery"
TOKEN = "shared-with-alertmanager"


@pytest.fixture(scope="session")
def deployed() -> dict[str, Any]:
    """The monitoring document and Alertmanager's route as the playbook hands them over, and the paths of Debian's
    Prometheus and Alertmanager."""
    done = subprocess.run([sys.executable, "-c", DEPLOYED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def free_port() -> int:
    """A TCP port that nothing uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str, holds: bytes = b"", seconds: float = 120) -> None:
    """Wait until the address answers with 200 and this text in it; "not ready yet" (503) is no answer."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if holds in answer.read():
                    return
            reason = f"{url} does not say {holds!r}"
        except OSError as error:
            reason = f"{url}: {error}"
        assert time.monotonic() < deadline, reason
        time.sleep(0.1)


@dataclass
class Console:
    """A running console and one browser-like client of it."""

    url: str
    environment: dict[str, str]
    folder: Path
    cookies: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def get(self, path: str) -> tuple[int, str]:
        """Status and text; redirections are followed."""
        return self._ask(urllib.request.Request(self.url + path))

    def post(self, path: str, form: dict[str, str]) -> tuple[int, str]:
        """Send a form, with the token of the page before."""
        return self._ask(urllib.request.Request(self.url + path, data=urllib.parse.urlencode(form).encode()))

    def notify(self, payload: Any, token: str = TOKEN) -> tuple[int, str]:
        """What Alertmanager does."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self._ask(urllib.request.Request(self.url + "/hooks/alertmanager", data=body, headers=headers))

    def sign_in(self, password: str = PASSWORD, name: str = "administrator") -> tuple[int, str]:
        """Sign in, as the administrator if nobody else is named."""
        _, page = self.get("/sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        form = {"username": name, "password": password, "csrfmiddlewaretoken": token[1]}
        return self.post("/sign-in/", form)

    def stranger(self) -> Console:
        """Another client, not signed in."""
        return Console(self.url, self.environment, self.folder)

    def signed_in(self, role: str) -> Console:
        """Another client, signed in as the account of that role (administrator, operator, auditor)."""
        other = self.stranger()
        status, page = other.sign_in(name=role)
        assert status == 200, page
        assert "サインアウト" in page
        return other

    def send(self, path: str, form: dict[str, str] | None = None, at: str | None = None) -> tuple[int, str]:
        """Send a form of the page at `path` (or `at`) as a browser does: with the page's token, to `path`."""
        _, page = self.get(at or path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, page[-2000:]
        return self.post(path, {**(form or {}), "csrfmiddlewaretoken": token[1]})

    def load(self, path: str) -> bytes:
        """The bytes of a download; fails when it is refused."""
        status, body, _ = self._exchange(urllib.request.Request(self.url + path))
        assert status == 200, (path, status)
        return body

    def records(self) -> dict[str, Any]:
        """What `manage records` hands to the reports, as an auditor loads it."""
        found: dict[str, Any] = json.loads(self.load("/audit/records.json"))
        return found

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command on the console's database."""
        argv = [sys.executable, "-m", "app.manage", *arguments]
        return subprocess.run(argv, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False)

    def _ask(self, request: urllib.request.Request) -> tuple[int, str]:
        status, body, _ = self._exchange(request)
        return status, body.decode(errors="replace")

    def _exchange(self, request: urllib.request.Request) -> tuple[int, bytes, Any]:
        # nginx says so in production; without it Django would answer with a redirection to https.
        request.add_header("X-Forwarded-Proto", "https")
        request.add_header("Referer", self.url.replace("http:", "https:") + "/")
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)
        opener = urllib.request.build_opener(_Insecure(self.cookies))
        if cookies:
            request.add_header("Cookie", cookies)
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers


class _Insecure(urllib.request.HTTPRedirectHandler, urllib.request.BaseHandler):
    """Keeps Secure cookies over the plain loopback connection that stands in for the one behind nginx."""

    def __init__(self, jar: http.cookiejar.CookieJar) -> None:
        self._jar = jar

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        """Keep what the answer sets, and show it to the page that a redirection leads to."""
        for header in response.headers.get_all("Set-Cookie", []):
            name, value = header.split(";", 1)[0].split("=", 1)
            self._jar.set_cookie(_cookie(name, value))
        return response

    def redirect_request(self, request: Any, fp: Any, code: int, msg: str, headers: Any, url: str) -> Any:
        """Follow with the cookies of now."""
        follow = super().redirect_request(request, fp, code, msg, headers, url.replace("https://", "http://"))
        if follow:
            follow.add_header("X-Forwarded-Proto", "https")
            follow.add_header("Cookie", "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar))
        return follow


def _cookie(name: str, value: str) -> http.cookiejar.Cookie:
    return http.cookiejar.Cookie(
        0, name, value, None, False, "127.0.0.1", False, False, "/", True, False, None, False, None, None, {}
    )


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory, deployed) -> Iterator[str]:
    """Debian's Prometheus measuring itself, as the host db1 of the inventory."""
    folder = tmp_path_factory.mktemp("prometheus")
    port = free_port()
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [
            {
                "job_name": "node",
                "static_configs": [
                    {
                        "targets": [f"127.0.0.1:{port}"],
                        "labels": {"host": "db1", "kind": "server", "backup": "database"},
                    },
                    {"targets": ["127.0.0.1:1"], "labels": {"host": "app1", "kind": "server", "backup": "application"}},
                    {
                        "targets": ["127.0.0.1:2"],
                        "labels": {"host": "opac-nagano-1", "kind": "terminal", "backup": "none"},
                    },
                ],
            }
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    argv = [
        deployed["prometheus"],
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(argv, stdout=log, stderr=log) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            answers(f"{url}/api/v1/query?query=up%7Bhost%3D%22db1%22%7D", holds=b'"1"')
            yield url
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def start_console(tmp_path_factory, deployed) -> Iterator[Any]:
    """Makes consoles: `start_console(prometheus_url)`; `roles` have an account of their name."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(
        prometheus_url: str,
        alertmanager_url: str = "http://127.0.0.1:1",
        roles: Sequence[str] = ("administrator",),
        **more: str,
    ) -> Console:
        folder = tmp_path_factory.mktemp("console")
        port = free_port()
        (folder / "monitoring.json").write_text(json.dumps(deployed["monitoring"], ensure_ascii=False))
        config = {
            "inventory": "nagano",
            "secret_key": "s" * 50,
            "allowed_hosts": ["127.0.0.1"],
            "prometheus_url": prometheus_url,
            "alertmanager_url": alertmanager_url,
            "monitoring": str(folder / "monitoring.json"),
            "hook_token": TOKEN,
            "database": {"path": str(folder / "console.sqlite3")},
            "static_root": str(folder / "static"),
            "inbox": str(folder / "inbox"),
            "log_archive": str(folder / "archive"),
            "history": str(folder / "history.sqlite3"),
            **more,
        }
        (folder / "console.json").write_text(json.dumps(config))
        (folder / "password").write_text(PASSWORD + "\n")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "KURA_"))}
        environment = {
            **kept, "KURA_CONFIG": str(folder / "console.json"), "DJANGO_SETTINGS_MODULE": "app.settings.console",
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        (folder / "inbox").mkdir()
        console = Console(f"http://127.0.0.1:{port}", environment, folder)
        for command in (
            ("migrate", "--noinput", "--verbosity=0"),
            ("collectstatic", "--noinput", "--verbosity=0"),
            *(("console_user", role, "--role", role, "--password-file", str(folder / "password")) for role in roles),
        ):
            done = console.manage(*command)
            assert done.returncode == 0, done.stderr
        argv = [
            sys.executable,
            "-m",
            "gunicorn",
            "django.core.wsgi:get_wsgi_application()",
            "--bind",
            f"127.0.0.1:{port}",
        ]
        log = (folder / "log").open("w")
        processes.append(subprocess.Popen([*argv, "--threads", "4"], env=environment, cwd=ROOT, stdout=log, stderr=log))
        answers(console.url + "/health")
        return console

    yield start
    for process in processes:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def alone(start_console) -> Console:
    """A console whose Prometheus and Alertmanager do not answer, with an account for each role; one for the run."""
    console: Console = start_console("http://127.0.0.1:1", roles=("administrator", "operator", "auditor"))
    status, page = console.sign_in()
    assert status == 200, page
    return console
