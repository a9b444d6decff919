"""Kinds of notice whose words belong to a later area: it says at the last moment what there is to say, and to whom.

So a link that opens somebody's page, or a title next to a name, stands in no table on its way to the mail server.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.notices.models import Line, Notice


@dataclass(frozen=True)
class Said:
    """What fills the wording; `lines` are its 明細. `to` is an address instead of the registered one."""

    values: Mapping[str, str]
    lines: tuple[Mapping[str, str], ...] = ()
    to: str = ""


Teller = Callable[[Notice, Line, datetime], Said | None]
_tellers: dict[str, Teller] = {}


def tell(kind: str, teller: Teller) -> None:
    """From now on `teller` speaks for notices of this kind; None from it: there is nothing left to say."""
    _tellers[kind] = teller


def has(kind: str) -> bool:
    """Whether somebody speaks for this kind."""
    return kind in _tellers


def said(notice: Notice, line: Line, now: datetime) -> Said | None:
    """What the notice says now. KeyError for a kind that nobody speaks for."""
    return _tellers[notice.kind](notice, line, now)
