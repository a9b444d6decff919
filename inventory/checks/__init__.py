"""What must hold across the inventory's files. Each check yields problems at the line to mend.

Two rounds: rows first (names, numbers, references), because hosts can be derived only from sound rows; then
what follows from the derived hosts and services.
"""

from __future__ import annotations

from inventory.checks import derived, hosts, networks, plans, services
from inventory.checks.context import Context
from inventory.errors import Problem
from inventory.model import Inventory
from inventory.reading import Document

ROWS = (
    networks.places,
    networks.zones,
    networks.ranges,
    hosts.names,
    hosts.references,
    hosts.numbers,
    hosts.routers,
    hosts.hardware,
    hosts.twin,
    services.rows,
    services.names,
    plans.power,
    plans.wakes,
    plans.backup,
    plans.contacts,
    plans.contract,
    plans.certificates,
)
DERIVED = (
    derived.places_with_hosts,
    derived.unique_hosts,
    derived.cards,
    derived.offered,
    derived.reachable,
    derived.published,
    derived.ports,
    derived.stop_order,
    derived.backup_paths,
    derived.needed_services,
    derived.provider_gateway,
)


def check(site: Inventory, documents: dict[str, Document]) -> list[Problem]:
    """Every problem that crosses files, in no particular order."""
    context = Context(site, documents)
    problems = [problem for one in ROWS for problem in one(context)]
    return problems or [problem for one in DERIVED for problem in one(context)]
