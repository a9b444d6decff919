"""The end-to-end check: what a citizen, a member of staff and operations would notice first."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from urllib.parse import quote

from cli.context import Context


def run(context: Context) -> list[str]:
    """Do every check; returns the sentences of those that failed, and prints each result."""
    failed = []
    for title, check in CHECKS:
        trouble = _patiently(check, context)
        context.progress(("ok      " if trouble is None else "FAILED  ") + title)
        if trouble is not None:
            print(f"   FAILED  {title}: {trouble}", flush=True)
            failed.append(f"{title}: {trouble}")
    return failed


def _patiently(check: Callable[[Context], str | None], context: Context) -> str | None:
    """A service that has just been started gets a minute to answer."""
    deadline = time.monotonic() + 60
    while (trouble := check(context)) and time.monotonic() < deadline:
        time.sleep(1)
    return trouble


def page(context: Context) -> bool:
    """Whether a reader gets the catalogue's first page."""
    status, body = fetch(context, "operator", f"https://{context.site.fqdn('opac')}/")
    return status == 200 and "</html>" in body


def fetch(context: Context, host: str, url: str) -> tuple[int, str]:
    """GET over a host's network with the appliance's own authority; returns the HTTP status (0: none) and the body."""
    site = context.site
    name = url.split("/")[2].split(":")[0]
    address = next(s.hosts[0].address for s in site.services if name in {site.fqdn(n) for n in s.row.names})
    port = url.split("/")[2].partition(":")[2] or "443"
    code, out = context.twin.inside(
        host,
        [
            "curl",
            "-s",
            "-m",
            "10",
            "--cacert",
            str(context.state / "ca.crt"),
            "--resolve",
            f"{name}:{port}:{address}",
            "-w",
            "\n%{http_code}",
            url,
        ],
    )
    body, _, status = out.rpartition("\n")
    return (int(status) if code == 0 and status.isdigit() else 0), body


def _opac_from_kiosk(context: Context) -> str | None:
    kiosks = [host.name for host in context.twin.running() if host.zone == "kiosk"]
    for kiosk in kiosks or ["operator"]:
        status, body = fetch(context, kiosk, f"https://{context.site.fqdn('opac')}/?q={quote('こころ')}")
        if status != 200 or "夏目" not in body:
            return f"{kiosk} asked for こころ and got HTTP {status}"
    return None


def _staff_sign_in(context: Context) -> str | None:
    status, _ = fetch(context, "operator", f"https://{context.site.fqdn('staff')}/counter/")
    return None if status in (200, 302, 303) else f"HTTP {status}"


def _console(context: Context) -> str | None:
    status, _ = fetch(context, "operator", f"https://{context.site.fqdn('console')}/health")
    return None if status == 200 else f"HTTP {status}"


def _prometheus(context: Context) -> str | None:
    status, body = fetch(context, "operator", f"http://{context.site.fqdn('prometheus')}:9090/api/v1/query?query=up")
    if status != 200:
        return f"HTTP {status}"
    rows = json.loads(body)["data"]["result"]
    down = [f"{row['metric'].get('host')}:{row['metric'].get('service')}" for row in rows if row["value"][1] != "1"]
    return None if rows and not down else "not scraped: " + (", ".join(down) or "nothing at all")


CHECKS: list[tuple[str, Callable[[Context], str | None]]] = [
    ("a kiosk finds こころ in the catalogue", _opac_from_kiosk),
    ("the counter answers", _staff_sign_in),
    ("the console answers", _console),
    ("every host is measured", _prometheus),
]
