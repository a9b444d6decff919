"""Slips of paper that leave the counter: receipts, hold slips, transfer slips.

An area makes a `Slip` of words; one template and one style sheet set it for 58 mm, 80 mm and A4. `printed` turns slips
into what the counter's script puts into its hidden frame, one page each.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.template.loader import render_to_string

from app.terminals.codes import bars
from app.web.wording import wording

RECEIPT, HOLD, TRANSFER, NOTE = "receipt", "hold", "transfer", "note"
KINDS = {RECEIPT: "レシート", HOLD: "取置票", TRANSFER: "回送票", NOTE: "票"}


@dataclass(frozen=True)
class Line:
    """One thing on a slip: its name, and what stands at the end of the line (a due date, a number)."""

    text: str
    end: str = ""


@dataclass(frozen=True)
class Slip:
    """One slip. `destination` is printed two centimetres tall (F-TRF-003); `number` large (shelf or hold number).

    A hold slip has a number and never a name. `barcode` is drawn as NW-7 and printed below the bars.
    """

    kind: str
    title: str
    lines: tuple[Line, ...] = ()
    number: str = ""
    destination: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    """Named values in small print: (名, 値), e.g. ("便", "11/25(水)")."""
    barcode: str = ""
    foot: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"slip: unknown kind {self.kind!r}, expected one of {', '.join(KINDS)}")


@dataclass(frozen=True)
class Printed:
    """A slip as the screen gets it."""

    kind: str
    title: str
    html: str

    def as_json(self) -> dict[str, str]:
        return {"kind": self.kind, "title": self.title, "html": self.html}


@dataclass(frozen=True)
class _Drawn:
    slip: Slip
    letters: int = 0
    bars: Any = field(default=None)


def size_of(destination: str) -> int:
    """How many characters of the destination share a line: the style sheet sets letters of at least 2 cm for each
    width, so that long names break instead of shrinking."""
    return max(1, len(destination))


def printed(slip: Slip) -> Printed:
    """The slip set for printing. No SQL."""
    drawn = _Drawn(slip, size_of(slip.destination), bars(slip.barcode) if slip.barcode else None)
    return Printed(slip.kind, slip.title, render_to_string("terminals/slip.html", {"drawn": drawn, "slip": slip}))


def receipt(
    library: str,
    on: date,
    lines: tuple[Line, ...],
    *,
    message: str = "",
    name: str = "",
    title: str = "貸出レシート",
    number: str = "",
) -> Slip:
    """A receipt: every title with its due date, how many, the library's message. `name` only where the library
    decided to print it (CounterSetting.receipt_name)."""
    facts = [
        (wording("terminals.receipt.library", "館"), library),
        (wording("terminals.receipt.day", "日付"), f"{on:%Y/%m/%d}"),
        (wording("terminals.receipt.items", "点数"), f"{len(lines)}点"),
    ]
    if name:
        facts.insert(0, (wording("terminals.receipt.name", "氏名"), f"{name} 様"))
    return Slip(RECEIPT, title, lines, number=number, facts=tuple(facts), foot=message)


def transfer(
    to: str, reason: str, title: str, barcode: str, *, delivery: str = "", from_: str = "", number: str = ""
) -> Slip:
    """A transfer slip for one item: where to, by which delivery, why."""
    given = (
        (wording("terminals.transfer.reason", "理由"), reason),
        (wording("terminals.transfer.delivery", "便"), delivery),
        (wording("terminals.transfer.from", "発送元"), from_),
    )
    facts = tuple((name, value) for name, value in given if value)
    heading = wording("terminals.transfer.title", "回送票")
    return Slip(TRANSFER, heading, (Line(title),), number=number, destination=to, facts=facts, barcode=barcode)


def hold(number: str, title: str, barcode: str, *, pickup: str = "", until: date | None = None, code: str = "") -> Slip:
    """A slip for the hold shelf: its number (never the name), the title, until when it is kept.

    `code` is the hold's own number to compare with, for the patron's copy of the notice."""
    given = (
        (wording("terminals.hold.pickup", "受取館"), pickup),
        (wording("terminals.hold.until", "取置期限"), f"{until:%Y/%m/%d}" if until else ""),
        (wording("terminals.hold.code", "照合番号"), code),
    )
    facts = tuple((name, value) for name, value in given if value)
    heading = wording("terminals.hold.title", "取置票")
    return Slip(HOLD, heading, (Line(title),), number=number, facts=facts, barcode=barcode)
