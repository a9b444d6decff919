"""Which libraries the demonstration stands on, whatever the site: a city with many, a town with one."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.branches.models import Branch

MAIN, ROOMS = "main", ("room", "mobile")


@dataclass(frozen=True)
class Places:
    """The main library, the second one (the main one again in a town that has no other), and the rooms."""

    main: Branch
    second: Branch
    rooms: tuple[Branch, ...]

    def shelves(self, index: int, wanted_in_rooms: bool) -> list[Branch]:
        """Where the copies of the n-th work stand: always a main library, then others by a fixed pattern."""
        one, other = (self.main, self.second) if index % 3 else (self.second, self.main)
        shelves = [one]
        if index % 2 == 0 and other != one:
            shelves.append(other)
        if self.rooms and (wanted_in_rooms or index % 5 == 0):
            shelves.append(self.rooms[index % len(self.rooms)])
        return shelves


def of(branches: Iterable[Branch]) -> Places:
    """The places of a site, in the order of its library numbers."""
    ordered = sorted(branches, key=lambda branch: branch.number)
    mains = [branch for branch in ordered if branch.kind == MAIN] or ordered[:1]
    rooms = tuple(branch for branch in ordered if branch.kind in ROOMS)
    return Places(mains[0], mains[1] if len(mains) > 1 else mains[0], rooms)
