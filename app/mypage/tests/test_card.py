"""The card on the screen, read back from its bars as a reader at the counter does."""

import re
from itertools import pairwise

import pytest
from django.utils import timezone

from app.circulation import actions as circulation
from app.patrons import queries as patrons
from app.patrons.rules import plain_number
from app.tests import make

from .conftest import signed_in, text_of

# NW-7 (JIS X 0506): which of the seven elements (bar, space, bar, …) of a character are wide.
WIDE = {
    "0000011": "0", "0000110": "1", "0001001": "2", "1100000": "3", "0010010": "4", "1000010": "5", "0100001": "6",
    "0100100": "7", "0110000": "8", "1001000": "9", "0001100": "-", "0011000": "$", "0011010": "A", "0101001": "B",
    "0001011": "C", "0001110": "D",
}  # fmt: skip
RECT = re.compile(r'<rect x="(\d+)" y="0" width="(\d+)" height="(\d+)" fill="#000000"/>')


def scan(page: str) -> str:
    """What a laser that crosses the bars sends: the characters with start and stop."""
    bars = [(int(x), int(width)) for x, width, _ in RECT.findall(page)]
    elements = []
    for (x, width), (following, _) in pairwise(bars):
        elements += [width, following - x - width]
    elements.append(bars[-1][1])
    narrow = min(elements)
    assert set(elements) <= {narrow, *(e for e in elements if 2 <= e / narrow <= 3)}
    text = ""
    for start in range(0, len(elements), 8):  # seven elements and the narrow gap to the next character
        seven = elements[start : start + 7]
        assert len(seven) == 7
        text += WIDE["".join("1" if element > narrow else "0" for element in seven)]
    return text


@pytest.mark.req("F-MYP-011")
def test_the_bars_on_the_screen_are_the_card_at_the_counter(reader):
    page = text_of(signed_in(reader).get("/my/card/"))
    read = scan(page)
    assert read == f"A{reader.card_number}A"
    assert patrons.by_card(plain_number(read)) == reader
    here = make.branch()
    outcome = circulation.lend(make.actor(), patrons.by_card(plain_number(read)).pk, make.item().barcode, here)
    assert outcome.code == "lend"


@pytest.mark.req("F-MYP-011")
def test_the_card_is_large_on_white_with_its_quiet_zones_and_its_number_in_figures(reader):
    page = text_of(signed_in(reader).get("/my/card/"))
    width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', page).groups())
    bars = [(int(x), int(w), int(h)) for x, w, h in RECT.findall(page)]
    assert f'<rect width="{width}" height="{height}" fill="#ffffff"/>' in page
    assert min(x for x, _, _ in bars) >= 10
    assert width - max(x + w for x, w, _ in bars) >= 10
    assert {h for _, _, h in bars} == {height}
    assert f'<p class="phone-number number">{reader.card_number}</p>' in page
    day = timezone.localdate().year + 1
    assert f"{day}年" in page
