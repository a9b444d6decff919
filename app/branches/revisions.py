"""Tables that change a few times a month and are read at every scan: kept in the process, by version.

Database triggers (migrations `watch`) give a watched group of tables a new stamp with every change, whoever makes it.
All stamps are read in one statement, at most once in `REVISION_SECONDS`: a change is in force in every process a
moment after it is committed, without a restart; in the thread that made it at once.
"""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings

from app.branches.models import Revision

Kept = TypeVar("Kept")

_followers: dict[str, Callable[[], None]] = {}
_followed: dict[str, UUID] = {}
_kept: dict[tuple[str, Hashable], tuple[UUID, Any]] = {}
_seen = threading.local()


def _stamps() -> dict[str, UUID]:
    """The stamp of every group. One SQL statement, or none when they were just read."""
    now = time.monotonic()
    if now - getattr(_seen, "at", float("-inf")) >= settings.REVISION_SECONDS:
        _seen.stamps, _seen.at = dict(Revision.objects.values_list("name", "stamp")), now
        _tell_followers(_seen.stamps)
    stamps: dict[str, UUID] = _seen.stamps
    return stamps


def follow(group: str, changed: Callable[[], None]) -> None:
    """Call `changed` whenever a look at the stamps finds another one for the group."""
    _followers[group] = changed


def _tell_followers(stamps: dict[str, UUID]) -> None:
    for group, changed in _followers.items():
        if group in stamps and stamps[group] != _followed.get(group):
            _followed[group] = stamps[group]
            changed()


def kept(group: str, key: Hashable, load: Callable[[], Kept]) -> Kept:
    """What `load` gives, from memory while the group of tables is unchanged.

    A group without a stamp is loaded each time. `load` runs after the stamp was read, so what it finds is never older.
    """
    stamp = _stamps().get(group)
    if stamp is None:
        return load()
    there = _kept.get((group, key))
    if there is not None and there[0] == stamp:
        found: Kept = there[1]
        return found
    made = load()
    if len(_kept) > 2000:
        _kept.clear()
    _kept[(group, key)] = (stamp, made)
    return made


def look() -> None:
    """Have followers told of what changed, on a page that asks for nothing kept. One SQL statement, or none when the
    stamps were just read."""
    _stamps()


def forget() -> None:
    """Look again at the next question."""
    _seen.at = float("-inf")


# Tables whose change gives a new stamp (the migrations `watch`), by the beginning of their names.
WATCHED = (
    "branches_",
    "regulations_",
    "patrons_patroncategory",
    "catalog_numberrange",
    "catalog_callnumberrule",
    "office_plannedstop",
)


def see_own_writes(execute: Callable[..., Any], statement: Any, *rest: Any) -> Any:
    """Every statement passes here: after an own change, or the taking back of one, the stamps are read again."""
    done = execute(statement, *rest)
    text = statement if isinstance(statement, str) else ""
    if text[:6] != "SELECT" and (text[:8] == "ROLLBACK" or any(table in text for table in WATCHED)):
        forget()
    return done


def watch(connection: Any, **_: Any) -> None:
    """`connection_created`: see to it that what a thread writes it also reads."""
    connection.execute_wrappers.append(see_own_writes)
