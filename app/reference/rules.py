"""Pure decisions of questions and events: receipt numbers, who gets a place, who is drawn."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key")

QUESTION, EVENT = "R", "E"


def receipt(kind: str, year: int, number: int) -> str:
    """The receipt number of a question (R) or an application (E): R2026-0012."""
    return f"{kind}{year}-{number:04}"


def place_of(taken: int, capacity: int, waiting: int, most_waiting: int) -> str:
    """What the next applicant gets when so many places are taken and so many wait: place, waiting, or full."""
    if taken < capacity and not waiting:
        return "place"
    return "waiting" if waiting < most_waiting else "full"


def drawn(lots: Mapping[Key, int], capacity: int, most_waiting: int) -> tuple[list[Key], list[Key], list[Key]]:
    """Who gets a place, who waits, who gets nothing, by the lots that were drawn for each; the lowest lot is first.
    Equal lots stand in the order given."""
    order: Sequence[Key] = sorted(lots, key=lambda one: lots[one])
    return (
        list(order[:capacity]),
        list(order[capacity : capacity + most_waiting]),
        list(order[capacity + most_waiting :]),
    )
