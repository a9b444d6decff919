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
