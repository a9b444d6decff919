"""What a slip says, and what it must not say."""

from datetime import date

import pytest

from app.terminals import slips
from app.terminals.codes import bars, squares


@pytest.mark.req("F-CIR-034")
def test_a_receipt_of_ten_loans_has_ten_lines_with_due_dates_and_no_name():
    lines = tuple(slips.Line(f"題名{n}", "12/7(月)") for n in range(10))
    paper = slips.printed(slips.receipt("長野図書館", date(2026, 11, 23), lines, message="年末は29日から休みます"))
    assert paper.html.count("<li>") == paper.html.count("12/7(月)") == 10
    assert "10点" in paper.html
    assert "年末は29日から休みます" in paper.html
    assert "氏名" not in paper.html
    assert paper.as_json()["kind"] == "receipt"


@pytest.mark.req("F-CIR-034")
def test_a_receipt_names_the_patron_only_where_the_library_wants_it():
    paper = slips.printed(slips.receipt("長野図書館", date(2026, 11, 23), (), name="小林 花子"))
    assert "小林 花子 様" in paper.html


def test_words_on_paper_are_escaped():
    assert "<b>x" not in slips.printed(slips.Slip(slips.NOTE, "<b>x")).html


@pytest.mark.req("F-TRF-003")
def test_a_transfer_slip_says_where_to_by_which_delivery_and_why():
    paper = slips.printed(slips.transfer("南部図書館", "予約のため", "走れメロス", "2000000018", delivery="11/25(水)"))
    for word in ("南部図書館", "予約のため", "走れメロス", "11/25(水)", "<svg"):
        assert word in paper.html


def test_an_unknown_kind_of_slip_is_refused_with_those_that_exist():
    with pytest.raises(ValueError, match="receipt, hold, transfer, note"):
        slips.Slip("poster", "x")


def test_bars_and_squares_keep_their_quiet_zones_and_refuse_what_they_cannot_write():
    drawing = bars("2000000018")
    assert drawing.rectangles[0][0] == 10
    assert max(x + width for x, _, width, _ in drawing.rectangles) == drawing.width - 10
    square = squares("$01$")
    assert min(x for x, *_ in square.rectangles) == 4
    with pytest.raises(ValueError, match="NW-7"):
        bars("はい")
