"""Reads about terminals, a library's counter settings, lists and guides."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from app.branches.models import Branch
from app.terminals.models import CounterSetting, GuideNote, ListPreference, Terminal

UNREGISTERED = "未登録の端末"


@dataclass(frozen=True)
class Place:
    """Where somebody works now: the registered terminal, or an unregistered one at their own library."""

    terminal: Terminal

    @property
    def branch(self) -> Branch | None:
        return self.terminal.branch if self.terminal.branch_id else None

    @property
    def registered(self) -> bool:
        return self.terminal.pk is not None

    @cached_property
    def setting(self) -> CounterSetting:
        """What the library decided for all its terminals. No SQL statement for a registered terminal, else one: a
        scan does not ask."""
        branch = self.branch
        if branch is None:
            return CounterSetting()
        if self.registered:
            return getattr(branch, "counter_setting", None) or CounterSetting(branch=branch)
        return setting_of(branch.pk)


def of(request: Any) -> Terminal:
    """The terminal of a request: by its address, else an unregistered one at the actor's library (its `branch_id`
    is None when the actor has none). One SQL statement, then none within the same request."""
    return place_of(request).terminal


def place_of(request: Any) -> Place:
    """The same with what the library decided for all its terminals. One SQL statement, then none."""
    if not hasattr(request, "place"):
        request.place = _place(request.terminal, getattr(request.user, "branch", None))
    place: Place = request.place
    return place


def _place(address: str | None, branch: Branch | None) -> Place:
    known = Terminal.objects.select_related("branch__counter_setting")
    terminal = known.filter(address=address).first() if address else None
    return Place(terminal or Terminal(name=UNREGISTERED, branch=branch, address=address))


def all_terminals() -> QuerySet[Terminal]:
    """Every terminal with its branch, in order. One SQL statement."""
    return Terminal.objects.select_related("branch")


def setting_of(branch_id: int) -> CounterSetting:
    """A library's settings; unsaved defaults when it has none yet. One SQL statement."""
    found = CounterSetting.objects.filter(branch_id=branch_id).first()
    return found or CounterSetting(branch_id=branch_id)


def preference(staff_id: int, screen: str) -> ListPreference | None:
    """How somebody wants a list, or None. One SQL statement."""
    return ListPreference.objects.filter(staff_id=staff_id, screen=screen).first()


def notes_of(page: str, branch_id: int | None) -> list[GuideNote]:
    """The additions to a page's guide: every library's first, then this library's. One SQL statement."""
    notes = GuideNote.objects.filter(page=page)
    return [note for note in notes.order_by("branch_id") if note.branch_id in (None, branch_id)]
