"""Truth that stands elsewhere: hosts, places, parts, requirements, people. Read once per process; no database."""

from __future__ import annotations

import csv
from collections import Counter
from functools import lru_cache
from typing import Any

from django.conf import settings

from app.operations import panels
from inventory import Inventory, lifecycle, load

DATA_CENTRE = "データセンター"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KINDS = {"server": "サーバ", "router": "ルータ", "terminal": "端末", "workstation": "作業端末"}
REQUIREMENTS = ("functions.csv", "system.csv")
# What the ordinance on public contracts wants handed in: document and copies.
SUBMISSIONS = (("労働環境報告書", 1), ("業務体制図", 2))
# Which hosts carry a part of the platform; every server and router runs the operating system and Python.
CARRIERS = {"PostgreSQL": "database"}


@lru_cache(maxsize=4)
def facts(name: str) -> dict[str, Any]:
    """Every fact by its name, for the inventory of that name."""
    site = load(name)
    places = [DATA_CENTRE, *(place.name for place in site.places)]
    machines = [_machine(host) for host in site.hosts]
    needed = _needed(site)
    return {
        "hosts": machines,
        "host_names": [row["name"] for row in machines],
        "machines_by_place": dict(Counter(row["place"] for row in machines)),
        "place_names": places,
        "equipped_places": list(dict.fromkeys(row["place"] for row in machines)),
        "models": [{"model": m} for m in dict.fromkeys(row["model"] for row in machines)],
        "platform": [
            {**_part(part), "needed": needed.get(part.name.split()[0], 0)} for part in lifecycle.register().platform
        ],
        "needed": {part.name: needed.get(part.name.split()[0], 0) for part in lifecycle.register().platform},
        "maintained": _maintained(site, machines),
        "maintained_names": [row["name"] for row in _maintained(site, machines)],
        "requirements": requirements(),
        "requirement_ids": [row["id"] for row in requirements()],
        "manual": [{"title": row["title"]} for row in manual()],
        "manual_titles": [row["title"] for row in manual()],
        "runbooks": [text.splitlines()[0].removeprefix("# ") for text in panels.definitions()["runbooks"].values()],
        "contacts": [
            {
                "role": c.name,
                "person": c.person,
                "organisation": c.organisation,
                "mail": c.mail,
                "phone": c.phone,
                "begin": site.contract.signed.isoformat(),
            }
            for c in site.contacts.roles
        ],
        "contact_names": [f"{c.person}（{c.organisation} {c.name}）" for c in site.contacts.roles],
        "platform_names": [part.name for part in lifecycle.register().platform],
        "emergencies": _emergencies(site),
        "fee_kinds": ["プロバイダ", "セキュリティライセンス"],
        "submissions": [{"document": name, "copies": copies} for name, copies in SUBMISSIONS],
        "staff_to_train": site.contract.sizing.staff,
        "milestones": _milestones(site),
        "opening_weekdays": [WEEKDAYS.index(day) for day in site.contract.support_hours.weekdays],
        "service_from": site.contract.service_from,
        "service_until": site.contract.service_until,
        "signed": site.contract.signed,
        "vendor": site.organisation.vendor,
        "city": site.organisation.city,
    }


def _emergencies(site: Inventory) -> list[dict[str, Any]]:
    """Every runbook is an event; the first contact is the operations role, the goal the contract's time to be there."""
    runs = {c.id: c for c in site.contacts.roles}
    first = runs.get("operations") or site.contacts.roles[0]
    return [
        {
            "event": text.splitlines()[0].removeprefix("# "),
            "criterion": "警報の重さが「重大」のとき、または窓口・OPACが使えないとき",
            "contact": f"{first.person}（{first.organisation} {first.name}）",
            "phone": first.phone,
            "first": f"手引き「{text.splitlines()[0].removeprefix('# ')}」の最初の手順を行い、障害として受け付ける",
            "minutes": site.contract.onsite_minutes,
        }
        for text in panels.definitions()["runbooks"].values()
    ]


def _machine(host: Any) -> dict[str, Any]:
    place = host.place.name if host.place else DATA_CENTRE
    hardware = host.hardware
    at = f"ラック{hardware.rack} {hardware.unit}U" if hardware else ""
    return {
        "name": host.name,
        "kind": KINDS.get(host.kind, host.kind),
        "place": place,
        "position": at,
        "model": hardware.model if hardware else KINDS.get(host.kind, host.kind),
        "settings": f"{host.zone} {host.address}",
        "purpose": host.purpose,
    }


def _part(part: Any) -> dict[str, Any]:
    until = part.supported.isoformat() if not isinstance(part.supported, str) else ""
    return {"name": part.name, "why": part.why, "until": until}


def _needed(site: Inventory) -> dict[str, int]:
    """How many hosts need each part of the platform, by the part's first word."""
    run = sum(host.kind in ("server", "router") for host in site.hosts)
    found = {"Debian": run, "Python": run}
    for word, service_id in CARRIERS.items():
        found[word] = next((len(service.hosts) for service in site.services if service.id == service_id), 0)
    return found


def _maintained(site: Inventory, machines: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What the maintenance contract covers: machines, software, the network, the manuals, with whom to call."""
    until = site.contract.service_until.isoformat()
    people = {c.id: f"{c.person}（{c.organisation} {c.name}）" for c in site.contacts.roles}
    contact = people.get("operations", next(iter(people.values())))
    found = [(row["name"], "機器", row["model"], until) for row in machines]
    for part in lifecycle.register().parts:
        ends = part.supported.isoformat() if not isinstance(part.supported, str) else until
        found.append((part.name, "ソフトウェア", "", ends))
    found += [(f"ネットワーク {zone.id}", "網", "", until) for zone in site.networks.zones]
    found += [(f"手引き {row['title']}", "手引き", "", until) for row in manual()]
    rows = [{"name": n, "kind": k, "version": v, "until": u, "contact": contact} for n, k, v, u in found]
    return list({row["name"]: row for row in rows}.values())


def _milestones(site: Inventory) -> list[dict[str, str]]:
    contract = site.contract
    owner = next(f"{c.person}（{c.organisation} {c.name}）" for c in site.contacts.roles if c.id == "infrastructure")
    return [
        {"task": "契約締結", "due": contract.signed.isoformat(), "done": contract.signed.isoformat(), "owner": owner},
        {"task": "構築完了（更新の完了期限）", "due": contract.build_until.isoformat(), "done": "", "owner": owner},
        {"task": "本稼働開始", "due": contract.service_from.isoformat(), "done": "", "owner": owner},
    ]


@lru_cache(maxsize=1)
def requirements() -> list[dict[str, str]]:
    """Every requirement of both sheets, with the chapter of the specification that its area is."""
    found = []
    for name in REQUIREMENTS:
        with (settings.BASE_DIR / "tests" / "requirements" / name).open(encoding="utf-8", newline="") as file:
            found += [{**row, "chapter": f"{row['area']}編"} for row in csv.DictReader(file)]
    return found


@lru_cache(maxsize=1)
def manual() -> list[dict[str, str]]:
    """The pages of the staff's manual by title."""
    pages = sorted((settings.BASE_DIR / "docs" / "manual").glob("*.md"))
    return [{"id": page.stem, "title": page.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")} for page in pages]
