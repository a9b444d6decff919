"""Power, backup, people, contract and certificates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date

from inventory.checks.context import Context
from inventory.errors import Problem


def months_later(day: date, months: int) -> date:
    """The same day of the month some months later, or the last day that month has."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(f"no such day: {day} and {months} months")


def power(context: Context) -> Iterator[Problem]:
    """UPS units are read by a host they feed, feed somebody, and have batteries to the contract's end."""
    site = context.site
    rows = {row.name: row for row in site.hosts_file.hosts}
    units = list(enumerate(site.power.units))
    yield from context.repeats("power", [(("units", index, "id"), unit.id) for index, unit in units], "an id")
    for index, unit in units:
        at = ("units", index)
        reader = rows.get(unit.read_by)
        if reader is None:
            yield context.problem("power", (*at, "read_by"), "the name of a data-centre host")
        elif not reader.power.supplies:
            yield context.problem("power", (*at, "read_by"), "a host that a UPS feeds")
        if not any(unit.id in row.power.supplies for row in rows.values()):
            yield context.problem("power", (*at, "id"), "a unit that feeds at least one host")
        yield from _battery(context, index)
        yield from _replaced(context, index)


def _replaced(context: Context, index: int) -> Iterator[Problem]:
    """Replacements follow one another, and the last one is what is installed."""
    unit = context.site.power.units[index]
    days = [row.on for row in unit.replacements]
    if days and (days != sorted(days) or days[-1] != unit.battery_installed):
        expected = f"dates one after the other, the last of them battery_installed ({unit.battery_installed})"
        yield context.problem("power", ("units", index, "replacements"), expected)


def wakes(context: Context) -> Iterator[Problem]:
    """A host that is switched on from afar says by what; no two hosts share a network card or controller."""
    rows = [(("hosts", index), row) for index, row in enumerate(context.site.hosts_file.hosts)]
    for at, row in rows:
        wake = row.power.wake
        if wake and (wake.mac is None) == (wake.by == "wol"):
            yield context.problem(
                "hosts", (*at, "power", "wake", "mac"), "an address of the network card for wol alone"
            )
        if wake and (wake.address is None) == (wake.by == "ipmi"):
            yield context.problem("hosts", (*at, "power", "wake", "address"), "the controller's address for ipmi alone")
    for key in ("mac", "address"):
        found = [
            ((*at, "power", "wake", key), str(getattr(row.power.wake, key)))
            for at, row in rows
            if row.power.wake and getattr(row.power.wake, key)
        ]
        yield from context.repeats("hosts", found, f"a {key} of its own")


def _battery(context: Context, index: int) -> Iterator[Problem]:
    unit = context.site.power.units[index]
    until = context.site.contract.service_until
    at = ("units", index, "replacement_planned")
    try:
        spent = months_later(unit.battery_installed, unit.battery_life_months)
        planned = unit.replacement_planned
        renewed = months_later(planned, unit.battery_life_months) if planned else None
    except ValueError:
        yield context.problem("power", ("units", index, "battery_installed"), "a date of this century")
        return
    if planned is None or renewed is None:
        if spent < until:
            yield context.problem("power", at, f"a date before {spent}: the battery ends before the contract ({until})")
        elif not any(row.on > context.site.contract.signed for row in unit.replacements):
            expected = f"a date: each battery is replaced once at least within the contract (to {until})"
            yield context.problem("power", at, expected)
    elif not unit.battery_installed < planned <= spent:
        yield context.problem("power", at, f"a date between {unit.battery_installed} and {spent}")
    elif renewed < until:
        yield context.problem("power", at, f"a date whose battery (to {renewed}) lasts to the contract's end ({until})")


def backup(context: Context) -> Iterator[Problem]:
    """The repository is a host of the data centre; every class keeps something or says why not."""
    site = context.site
    if site.backup.repository not in {row.name for row in site.hosts_file.hosts}:
        yield context.problem("backup", ("repository",), "the name of a data-centre host")
    rows = list(enumerate(site.backup.classes))
    yield from context.repeats("backup", [(("classes", index, "id"), row.id) for index, row in rows], "an id")
    for index, row in rows:
        if not row.paths and not row.databases and row.reason is None:
            expected = "paths, databases, or the reason why nothing is kept"
            yield context.problem("backup", ("classes", index, "reason"), expected)
        paths = [(("classes", index, "paths", position), path) for position, path in enumerate(row.paths)]
        yield from context.repeats("backup", paths, "a path")


def contacts(context: Context) -> Iterator[Problem]:
    """Roles have ids of their own and an address that mail can reach."""
    rows = list(enumerate(context.site.contacts.roles))
    yield from context.repeats("contacts", [(("roles", index, "id"), row.id) for index, row in rows], "an id")
    for index, row in rows:
        name, _, domain = row.mail.partition("@")
        if not name or "." not in domain or " " in row.mail:
            yield context.problem("contacts", ("roles", index, "mail"), "a mail address")


def contract(context: Context) -> Iterator[Problem]:
    """Dates in the order in which they come; a support day that begins before it ends."""
    row = context.site.contract
    order = ("signed", "build_until", "service_from", "service_until")
    for earlier, later in itertools.pairwise(order):
        if getattr(row, earlier) >= getattr(row, later):
            yield context.problem("contract", (later,), f"a date after {earlier} ({getattr(row, earlier)})")
    for key in ("support_hours", "opening_hours"):
        hours = getattr(row, key)
        for end in ("until", "until_holidays"):
            if getattr(hours, end) is not None and hours.from_ >= getattr(hours, end):
                yield context.problem("contract", (key, end), f"a time after {hours.from_}")
        values = [((key, "weekdays", index), day) for index, day in enumerate(hours.weekdays)]
        yield from context.repeats("contract", values, "a day")
    if row.sizing.bibliographic_records_in_six_years < row.sizing.bibliographic_records:
        at = ("sizing", "bibliographic_records_in_six_years")
        yield context.problem("contract", at, f"at least {row.sizing.bibliographic_records}: a library grows")


def certificates(context: Context) -> Iterator[Problem]:
    """A certificate is renewed while it is still good, and the authority outlives the contract."""
    row = context.site.certificates
    if row.server.renew_before_days >= row.server.days:
        at = ("server", "renew_before_days")
        yield context.problem("certificates", at, f"fewer than the {row.server.days} days a certificate is good for")
    dates = context.site.contract
    needed = dates.service_until.year - dates.build_until.year + 1
    if row.authority.years < needed:
        expected = f"at least {needed}: the contract's years and one"
        yield context.problem("certificates", ("authority", "years"), expected)
