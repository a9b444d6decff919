"""Postcards and letters, ready to print: sizes in millimetres, one patron each, in order of postal code.

A postcard is 100 × 148 mm with the seven boxes of the postal code where the post office prints them (8 mm from the
right, 12 mm from the top, 5.7 × 8 mm each). A letter is A4 for the window of a 長形3号 envelope, folded in three.
"""

from dataclasses import dataclass
from datetime import date

from django.template.loader import render_to_string

from app.notices import queries, rules, texts
from app.notices.codes import Adapter
from app.notices.models import Notice

MOST_SHEETS = 300  # one file: about half a minute of work
# Left edges of the boxes, from the left of the card: 8 mm from the right edge, pitches 7.0, 7.6 and 6.8 mm.
BOXES = (44.3, 51.3, 58.3, 65.9, 72.7, 79.5, 86.3)
# What a card holds in the larger letters: 22 to a row, 18 rows.
CARD_LETTERS, CARD_ROWS = 22, 18
BOTH, FRONT, BACK = "both", "front", "back"
SIDES = {BOTH: "両面（宛名・文面の順）", FRONT: "宛名面だけ", BACK: "文面だけ"}


@dataclass(frozen=True)
class Digit:
    """One digit of the postal code and its box (0 to 6)."""

    place: int
    text: str


@dataclass(frozen=True)
class Sheet:
    """One card or letter in words."""

    digits: tuple[Digit, ...]
    postal_code: str
    address: tuple[str, ...]
    addressee: str
    subject: str
    paragraphs: tuple[str, ...]
    branch: str
    dense: bool = False
    """Whether a card needs the smaller letters."""


def sheets(notices: list[Notice], today: date) -> list[Sheet]:
    """What to print, in the given order, leaving out notices that have nothing left to say. Two SQL statements and one
    for each kind and stage."""
    terms = queries.patron_policy()
    lines = queries.lines_of(notices)
    wordings: dict[tuple[str, int, str], object] = {}
    made = []
    for notice in notices:
        about = [line for line in lines.get(notice.pk, []) if line.loan is None or line.loan.due_on < today]
        if not about:
            continue
        key = (notice.kind, notice.stage, notice.means.code)
        if key not in wordings:
            wordings[key] = queries.wording_for(*key)
        made.append(_sheet(notice, texts.text_of(notice, wordings[key], about, terms, today)))
    return made


def _sheet(notice: Notice, text: texts.Text) -> Sheet:
    digits = rules.postcode_digits(notice.patron.postal_code)
    return Sheet(
        digits=tuple(Digit(place, digit) for place, digit in enumerate(digits)),
        postal_code=f"〒{digits[:3]}-{digits[3:]}" if digits else "",
        address=tuple(notice.patron.address.split("\n")),
        addressee=text.addressee,
        subject=text.subject,
        paragraphs=tuple(text.body.split("\n")),
        branch=notice.branch.name if notice.branch else "",
        dense=rules.rows_of(text.body, CARD_LETTERS) > CARD_ROWS,
    )


def pdf(adapter: str, made: list[Sheet], today: date, *, side: str = BOTH, boxes: bool = False) -> bytes:
    """The sheets as PDF. `boxes` also prints the postal code's boxes, for cards that are not the post's own."""
    from weasyprint import HTML  # a second to load, and only here

    name = "postcard" if adapter == Adapter.POSTCARD else "letter"
    context = {
        "sheets": made,
        "front": side in (BOTH, FRONT),
        "back": side in (BOTH, BACK),
        "boxes": boxes,
        "places": range(len(BOXES)),
        "library": texts.library_name(),
        "today": rules.japanese_date(today),
    }
    return HTML(string=render_to_string(f"notices/paper/{name}.html", context), url_fetcher=_fetch_nothing).write_pdf()


def _fetch_nothing(url: str, *_: object, **__: object) -> dict[str, object]:
    raise ValueError(f"a letter fetches nothing: {url[:80]}")
