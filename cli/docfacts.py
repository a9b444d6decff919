"""Gathers what the documents are made from: rooms' derivations, the code itself, the tests, the running console."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from packaging.utils import canonicalize_name

from cli import bundle
from cli.context import Context, Refused
from inventory import Inventory
from inventory.lifecycle import register
from lab.shell import LabError
from monitoring.documents import facts, versions
from monitoring.documents.facts import Facts
from monitoring.evidence import read
from monitoring.reports import matrix
from network import diagram, dns, golden, mail
from network import matrix as flow_matrix

LOOKED_UP = "versions.json"
# Where our own code and texts are; everything else in the tree is listed by the lock.
OWN = ("app", "backup", "cli", "disks", "docs", "inventory", "lab", "monitoring", "network", "office", "playbooks",
       "roles", "tests", "ups")  # fmt: skip
_RECORDS = (
    "systemd-run --quiet --pipe --wait --collect --uid=kura-console --setenv=KURA_CONFIG=/etc/kura/console.json "
    "--setenv=DJANGO_SETTINGS_MODULE=app.settings.console --working-directory=/opt/kura/current "
    "/opt/kura/current/venv/bin/python -m app.manage records"
)
_UPTIME = "min by (service) (avg_over_time(probe_success[90d]))"


def gather(context: Context, issued: date, edition: str, screenshots: Path | None) -> Facts:
    """Everything, asked for once. What a running twin would add is missing when none runs."""
    site, root = context.site, context.root
    found, checked = _versions(context)
    return Facts(
        site=site,
        issued=issued,
        edition=edition,
        lifecycle=register(),
        versions=found,
        versions_checked=checked,
        texts=facts.texts(root / "docs" / "delivery"),
        matrix=matrix.build(root / "tests" / "requirements", root / "results" / "tests.json", root),
        flows=(flow_matrix.COLUMNS, [[row[c] for c in flow_matrix.COLUMNS] for row in flow_matrix.rows(site)]),
        dns=names(site, _public_key(context)),
        parameters={host.name: golden.of_host(site, host) for host in site.twin},
        circuits=circuits(site, facts.texts(root / "docs" / "delivery")["installation"]["circuits"]),
        diagram=_png(diagram.svg(site)),
        library=structure(root, "app.settings.test"),
        console=structure(root, "app.settings.console"),
        verbs=_verbs(),
        roles=_roles(root),
        plays=_plays(root),
        runbooks=_texts(root / "docs" / "runbooks"),
        manual=_texts(root / "docs" / "manual"),
        manual_changed=_changes(root),
        own_files=[(f"{name}/", count) for name, count in _own(root).items()],
        registers=_registers(root),
        evidence=read(context.state),
        records=records(context),
        uptime=_uptime(context),
        screenshots=_pictures(screenshots),
    )


def records(context: Context) -> Mapping[str, Any] | None:
    """What the console knows, or None when it does not answer."""
    found = ask(context, "console", _RECORDS)
    return json.loads(found) if found is not None else None


def ask(context: Context, service: str, command: str) -> str | None:
    """What a command prints on the first host of a service; None when the host is off or the command fails."""
    try:
        host = context.site.service(service).hosts[0].name
        if not context.twin.is_running(host):
            return None
        code, out = context.twin.shell(host, command, patience=60)
    except (KeyError, LabError, OSError):
        return None
    if code:
        context.progress(f"{service} on {host} did not answer: {out.strip().splitlines()[-1:] or ['no message']}")
        return None
    return out[out.index("{") :] if "{" in out else None


def _uptime(context: Context) -> dict[str, float]:
    """Service → measured availability of the last ninety days, in percent; empty when Prometheus does not answer."""
    form = urlencode({"query": _UPTIME})
    out = ask(context, "prometheus", f"curl -s -m 30 'http://127.0.0.1:9090/api/v1/query?{form}'")
    if out is None:
        return {}
    rows = json.loads(out).get("data", {}).get("result", [])
    return {row["metric"].get("service", ""): 100 * float(row["value"][1]) for row in rows}


def names(site: Inventory, public_key: str) -> list[tuple[str, str, str, str]]:
    """(公開/館内, name, type, value): what the outside must know, and what the appliance answers itself."""
    found: dict[tuple[str, str, str], None] = {}
    outer = str(site.provider_address(site.hub))
    for service in site.services:
        if any(not s.startswith("host:") and site.zones[s].place == "outside" for s in service.sources):
            for name in service.row.names:
                if name not in service.row.restrict:
                    found[site.fqdn(name), "A", outer] = None
    for record in mail.records(site, None, public_key):
        found[record.name, record.kind, record.value] = None
    inside = [("館内", name, "A", str(address)) for name, address in dns.records(site).items()]
    return [*(("公開", *key) for key in found), *inside]


def _public_key(context: Context) -> str:
    """The DKIM key that the relay has made, or a sentence in its place."""
    asked = ask(context, "mail", "echo { && openssl rsa -in /etc/opendkim/kura.private -pubout 2>/dev/null")
    lines = [line for line in (asked or "").splitlines() if line and not line.startswith(("-", "{"))]
    return "".join(lines) or "（鍵を作った後に差し替える）"


def circuits(site: Inventory, speeds: Mapping[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Every section of the network: what it joins, its addresses, its speed and the equipment at its ends."""
    hub = site.hub
    rows = [("インターネット", "通信事業者", hub.name, str(site.provider_address(hub)), _line(speeds["datacentre"]))]
    for zone in site.networks.zones:
        if zone.place == "datacentre":
            net = str(site.zone_network(zone.id))
            rows.append(
                (
                    f"データセンター {zone.name}",
                    hub.name,
                    zone.name,
                    net,
                    f"{speeds['between_zones']}、{hub.name} と交換機",
                )
            )
    for place in site.places:
        routers = [h.name for h in site.hosts if h.place is not None and h.place.id == place.id and h.kind == "router"]
        end = "、".join(routers) or "（将来のルータ）"
        both = f"{site.place_network(place)}／通路 {site.tunnel_address(place)}"
        rows.append((f"拠点 {place.name}", hub.name, end, both, _line(speeds[place.kind])))
    rows.append(("保守", "保守作業端末", "全機器", str(site.networks.management), "1 Gbps、保守用の交換機"))
    return rows


def _line(speed: Mapping[str, str]) -> str:
    return f"{speed['speed']}、{speed['kind']}、予備：{speed['spare']}"


def structure(root: Path, settings: str) -> dict[str, Any]:
    """cli.structure of one site, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "console.json"
        config.write_text(json.dumps({
            "inventory": "nagano", "secret_key": "only to read the structure", "allowed_hosts": ["localhost"],
            "prometheus_url": "http://localhost", "alertmanager_url": "http://localhost", "monitoring": {},
            "hook_token": "none", "database": {"path": f"{folder}/console.sqlite3"},
        }))  # fmt: skip
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings, "KURA_CONFIG": str(config)}
        done = subprocess.run(
            [sys.executable, "-m", "cli.structure"], cwd=root, env=environment, capture_output=True, text=True
        )
    if done.returncode:
        raise Refused(f"the application's structure cannot be read ({settings}):\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _versions(context: Context) -> tuple[Sequence[facts.Version], str]:
    root = context.root
    pins = list(bundle.read_lock((root / "requirements.lock").read_text()))
    via = [(p.name, p.version, tuple(one for one in p.via if not one.startswith("-r"))) for p in pins]
    kept = context.state / LOOKED_UP
    seen: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {"on": "", "newest": {}, "allowed": {}}
    wanted = (root / "requirements.in").read_text()
    return versions.compare(via, seen["newest"], seen["allowed"], wanted, register()), seen["on"]


def look_up(context: Context, today: date) -> None:
    """Ask the package index, by its ordinary client, for newer versions; kept for the following documents.

    The newest are those for the hosts' Python without any limit; `allowed` is what a new lock would choose.
    """
    names = sorted({pin.name for pin in bundle.read_lock((context.root / "requirements.lock").read_text())})
    newest = _resolved(["--no-deps", "--python-version", bundle.HOST_PYTHON, "-"], context.root, "\n".join(names))
    limits = ["--universal", "--python-version", "3.11", "--upgrade", "requirements.in"]
    found = {"on": today.isoformat(), "newest": newest, "allowed": _resolved(limits, context.root)}
    context.state.mkdir(parents=True, exist_ok=True)
    (context.state / LOOKED_UP).write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


def _resolved(arguments: Sequence[str], root: Path, given: str = "") -> dict[str, str]:
    """Package → version that uv chooses; Refused with uv's own words when it cannot ask."""
    argv = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", *arguments]
    done = subprocess.run(argv, input=given, capture_output=True, text=True, cwd=root)
    if done.returncode:
        raise Refused(f"newer versions cannot be looked up (is there a network?):\n{done.stderr}")
    lines = re.finditer(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)", done.stdout, re.MULTILINE)
    return {canonicalize_name(line[1]): line[2] for line in lines}


def _png(svg: str) -> bytes | None:
    """The picture as PNG, 130 dots an inch; None where poppler's pdftoppm is not installed."""
    size = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', svg)
    if size is None or not shutil.which("pdftoppm"):
        return None
    from weasyprint import HTML  # dear to load

    page = f"<style>@page{{size:{size[1]}px {size[2]}px;margin:0}}body{{margin:0}}svg{{display:block}}</style>{svg}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        HTML(string=page).write_pdf(path.with_suffix(".pdf"))
        argv = ["pdftoppm", "-r", "130", "-png", "-singlefile", str(path.with_suffix(".pdf")), str(path)]
        subprocess.run(argv, check=True, capture_output=True)
        return path.with_suffix(".png").read_bytes()


def _verbs() -> list[tuple[str, str]]:
    from cli.__main__ import VERBS

    return [(verb, summary) for verb, (_, summary) in VERBS.items()]


def _roles(root: Path) -> list[tuple[str, str, Mapping[str, Any]]]:
    found = []
    for path in sorted((root / "roles").glob("*/meta/argument_specs.yml")):
        main = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]
        found.append((path.parts[-3], str(main.get("short_description", "")), main.get("options") or {}))
    return found


def _plays(root: Path) -> list[tuple[str, str, str]]:
    found = []
    for path in sorted((root / "playbooks").glob("*.yml")):
        for play in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
            if isinstance(play, dict) and "hosts" in play:
                found.append((path.name, str(play.get("name", "")), str(play["hosts"])))
    return found


def _texts(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}


def _changes(root: Path) -> dict[str, tuple[str, str]]:
    """Page of the manual or runbook → day of its last change and how many lines it added and removed, from git."""
    argv = ["git", "log", "--format=@%ad", "--date=short", "--numstat", "--", "docs/manual", "docs/runbooks"]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True)
    found: dict[str, tuple[str, str]] = {}
    day = ""
    for line in done.stdout.splitlines():
        if line.startswith("@"):
            day = line[1:]
        elif match := re.fullmatch(r"(\d+)\t(\d+)\t(?:.*/)?([\w-]+)\.md", line):
            found.setdefault(match[3], (day, f"{match[1]}行を加え、{match[2]}行を除いた"))
    return found


def _own(root: Path) -> dict[str, int]:
    """Our own files by their top folder (for app/ by area), without what programs make."""
    done = subprocess.run(["git", "ls-files", "-z", *OWN], cwd=root, capture_output=True, text=True)
    counts: Counter[str] = Counter()
    for name in filter(None, done.stdout.split("\0")):
        parts = name.split("/")
        counts["/".join(parts[:2]) if parts[0] in ("app", "roles") and len(parts) > 2 else parts[0]] += 1
    return dict(sorted(counts.items()))


def _registers(root: Path) -> list[tuple[str, str, Sequence[str]]]:
    found: list[tuple[str, str, Sequence[str]]] = []
    for path in sorted((root / "app" / "registers" / "definitions").glob("*.yml")):
        row = yaml.safe_load(path.read_text(encoding="utf-8"))
        found.append((str(row["id"]), str(row["title"]), tuple(row.get("requirements", ()))))
    return found


def _pictures(folder: Path | None) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.png"))} if folder else {}
