"""What stands above the tiles of the staff's first page. Each area says in its `menu.py` what it has to tell."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.access.actor import Actor


@dataclass(frozen=True)
class Note:
    """One line: `level` is ok, info, warn or bad (also the order); `url` leads to where something can be done."""

    level: str
    text: str
    url: str = ""


LEVELS = ("bad", "warn", "info", "ok")
Tell = Callable[[Actor], Iterable[Note]]
_tellers: list[Tell] = []


def tell(teller: Tell) -> Tell:
    """Add an area's notes. It is called for whoever opens the page and must itself look at the actor's operations."""
    if teller not in _tellers:
        _tellers.append(teller)
    return teller


def notes(actor: Actor) -> list[Note]:
    """What this person should know now, the worst first. SQL statements as each area states."""
    found = [note for teller in _tellers for note in teller(actor)]
    return sorted(found, key=lambda note: LEVELS.index(note.level))
