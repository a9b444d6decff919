"""What a scan came to, what the screen must ask, and what the person at the counter answered."""

from dataclasses import dataclass, field
from datetime import date

from app.catalog.models import Item
from app.circulation.models import Loan
from app.patrons.models import Patron
from app.terminals.slips import Slip

# Codes of scans that changed something.
ACTED = frozenset({"lend", "renew", "give_back", "undo_loan", "undo_return", "change_due", "in_library", "stack"})


@dataclass(frozen=True)
class Choice:
    """One way to answer: `code` is posted as `answer`, `label` stands on the button and on the printed code card."""

    code: str
    label: str


@dataclass(frozen=True)
class Ask:
    """A question that must be answered before the act. Nothing has changed while it stands.

    The same scan is posted again with `answer` = the code of a choice (several questions: several `answer`s) and, when
    `field` names a text that belongs to it (理由, 題名), with `reason`. Doing nothing is always the other choice.
    """

    code: str
    text: str
    choices: tuple[Choice, ...]
    field: str = ""


@dataclass(frozen=True)
class Answers:
    """What was answered to the questions of the scan before."""

    given: frozenset[str] = frozenset()
    reason: str = ""

    @classmethod
    def of(cls, *codes: str, reason: str = "") -> "Answers":
        """Answers from what was posted; empty codes are dropped, the reason is trimmed to 100 characters."""
        return cls(frozenset(code for code in codes if code), " ".join(reason.split())[:100])

    def __contains__(self, code: str) -> bool:
        return code in self.given


NOTHING = Answers()


@dataclass(frozen=True)
class NextStep:
    """What is done with the thing in hand now. `kind`: shelf, hold_shelf, transfer, renew_card, keep_back.

    `place` is the branch or shelf to go to, `number` the number on the hold shelf; never a name.
    """

    kind: str
    text: str
    place: str = ""
    number: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a scan came to. `tone` is ok, info, warn or bad: the screen's colour, mark and sound."""

    tone: str
    code: str
    message: str
    item: Item | None = None
    due_on: date | None = None
    why: str = ""
    notes: tuple[str, ...] = field(default=())
    days_late: int = 0
    patron: Patron | None = None
    """Whose scan it was; set by lending, never by giving back."""
    loans: tuple[Loan, ...] | None = None
    """Everything the patron has after the scan, item and record loaded, earliest due date first; set by lending."""
    asks: tuple[Ask, ...] = ()
    slips: tuple[Slip, ...] = ()
    next_step: NextStep | None = None
    undo: str = ""
    """Sealed token that takes this scan back (`actions.undo_return`); the page alone keeps it, for ten minutes."""

    @property
    def acted(self) -> bool:
        """Whether this very scan changed anything."""
        return self.code in ACTED
