"""Reads about terminals, a library's counter settings, lists and guides."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from app.branches.models import Branch
from app.terminals.models import CounterSetting, GuideNote, ListPreference, Terminal

UNREGISTERED = "未登録の端末"


@dataclass(frozen=True)
class Place:
    """Where somebody works now: the registered terminal, or an unregistered one at their own library."""

    terminal: Terminal
    message: str = ""
    """What the library prints at the foot of its receipts."""
    receipt_name: bool = False
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def branch(self) -> Branch | None:
        return self.terminal.branch if self.terminal.branch_id else None

    @property
    def registered(self) -> bool:
        return self.terminal.pk is not None


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
    terminal = None
    if address:
        known = Terminal.objects.select_related("branch__counter_setting")
        terminal = known.filter(address=address).first()
    if terminal is not None:
        setting = getattr(terminal.branch, "counter_setting", None)
    else:
        terminal = Terminal(name=UNREGISTERED, branch=branch, address=address)
        setting = CounterSetting.objects.filter(branch=branch).first() if branch else None
    if setting is None:
        return Place(terminal)
    return Place(terminal, setting.receipt_message, setting.receipt_name, dict(setting.keys))


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
