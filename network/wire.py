"""Does the wire agree with the flow matrix? Compares what a port test found with what must be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from inventory import Host, Inventory
from network.flows import Case, negative_cases, positive_cases


@dataclass(frozen=True, order=True)
class Disagreement:
    """One port that is open and must not be, or the reverse, or that was not asked."""

    case: Case
    expected: str
    found: str

    def __str__(self) -> str:
        case = self.case
        port = f"{case.protocol}/{case.port}"
        return (
            f"{case.source} -> {case.destination} ({case.address}) {port} [{case.service}]: "
            f"must be {self.expected}, is {self.found}"
        )


def disagreements(site: Inventory, hosts: Iterable[Host | str], found: Mapping[Case, bool]) -> list[Disagreement]:
    """Where the wire differs from the model. `found` says of each case whether the connection came about.

    TCP only: whether a UDP port answers is asked by its own protocol. A case that was not asked is a disagreement.
    """
    running = list(hosts)
    wrong: list[Disagreement] = []
    asked = [(case, True) for case in positive_cases(site, running) if case.protocol == "tcp"]
    asked += [(case, False) for case in negative_cases(site, running)]
    for case, must_open in asked:
        is_open = found.get(case)
        if is_open is not must_open:
            state = "not asked" if is_open is None else _word(is_open)
            wrong.append(Disagreement(case, _word(must_open), state))
    return sorted(wrong)


def _word(is_open: bool) -> str:
    return "open" if is_open else "closed"
