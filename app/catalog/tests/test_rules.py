"""Pure rules of the catalogue."""

import pytest

from app.catalog import rules


@pytest.mark.parametrize(
    ("written", "isbn"),
    [
        ("978-4-7949-7075-6 :", "9784794970756"),
        ("4-06-203515-4", "9784062035156"),
        ("４０６２０３５１５４", "9784062035156"),
        ("978 4 255 00914 8", "9784255009148"),
        ("080442957X", "9780804429573"),
        ("978-4-7949-7075-7", ""),
        ("4062035155", ""),
        ("1984", ""),
        ("", ""),
    ],
)
def test_an_isbn_is_read_in_any_writing_and_a_wrong_one_is_none(written: str, isbn: str) -> None:
    assert rules.isbn_in(written) == isbn


def test_item_numbers_have_ten_digits_and_a_check_digit_that_finds_every_wrong_digit() -> None:
    number = rules.item_barcode(12345)
    assert len(number) == 10
    assert not rules.barcode_problem(number)
    for place in range(1, 10):
        for digit in set("0123456789") - {number[place]}:
            assert rules.barcode_problem(number[:place] + digit + number[place + 1 :])


@pytest.mark.parametrize("wrong", ["", "abc", "12345", "1000000009", "99999999990", "２000000018"])
def test_a_wrong_item_number_is_explained(wrong: str) -> None:
    assert rules.barcode_problem(wrong).endswith("。") or "桁" in rules.barcode_problem(wrong)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2019.2", 2019),
        ("[昭和63]", 1988),
        ("平成元.4", 1989),
        ("令和5年", 2023),
        ("大正3", 1914),
        ("[出版年不明]", None),
        ("２００５", 2005),
        ("c1998", 1998),
    ],
)
def test_the_year_of_publication_is_read_in_both_calendars(text: str, year: int | None) -> None:
    assert rules.year_of(text) == year


def test_a_call_number_has_class_first_kana_and_volume() -> None:
    assert rules.call_number("913.6", "ムラカミ ハルキ", "第2巻") == "913.6/ム/2"
    assert rules.call_number("023", "") == "023"
