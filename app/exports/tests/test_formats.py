"""A table as a file keeps what it was given."""

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from app.exports import formats, rules

TOKYO = ZoneInfo("Asia/Tokyo")
TITLES = ["資料番号", "書名", "冊数", "受入日"]


def written(code, rows, titles=TITLES):
    stream = io.BytesIO()
    done = formats.write(code, stream, titles, rows)
    return done, stream.getvalue()


def test_utf8_begins_with_the_mark_that_excel_needs_and_keeps_zeros_quotes_and_line_ends():
    rows = [["000123", '吾輩は「猫」"である"', 3, date(2026, 11, 3)], ["0", "二行\nの題", None, ""]]
    done, content = written("csv", rows)
    assert done.rows == 2
    assert content.startswith(b"\xef\xbb\xbf")
    back = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert back == [TITLES, ["000123", '吾輩は「猫」"である"', "3", "2026-11-03"], ["0", "二行\nの題", "", ""]]


def test_shift_jis_has_windows_own_signs_and_counts_what_it_lacks():
    rows = [["1", "髙橋と𠮷野〜①−", 1, ""], ["2", "한국어", 1, ""]]
    done, content = written("sjis", rows)
    text = content.decode("cp932")
    assert "髙橋と〓野～①－" in text
    assert "〓〓〓" in text
    assert done.replaced == 4


def test_a_file_name_tells_that_signs_are_missing():
    day = date(2026, 11, 23)
    assert rules.file_name("督促/一覧", day, ".csv", sjis=True, replaced=4) == "督促_一覧_20261123_SJIS（置換4字）.csv"
    assert rules.file_name("督促", day, ".csv", sjis=True, replaced=0) == "督促_20261123_SJIS.csv"
    assert rules.file_name("..", day, ".xlsx", sjis=False, replaced=0) == "一覧_20261123.xlsx"


def test_the_workbook_has_text_as_text_and_numbers_as_numbers():
    rows = [
        ["000123", "=1+1", 3, datetime(2026, 11, 3, 9, 5, tzinfo=TOKYO)],
        [True, None, Decimal("2.5"), ["甲", "乙"]],
    ]
    _, content = written("xlsx", rows)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert [cell.value for cell in sheet[1]] == TITLES
    first = sheet[2]
    assert (first[0].value, first[0].data_type, first[0].number_format) == ("000123", "s", "@")
    assert (first[1].value, first[1].data_type) == ("=1+1", "s")
    assert (first[2].value, first[2].data_type) == (3, "n")
    assert first[3].value.isoformat() == "2026-11-03T09:05:00"
    assert [cell.value for cell in sheet[3]] == ["1", None, 2.5, "甲、乙"]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|x", "'+cmd|x"),
        ("+81 26-000-0000", "+81 26-000-0000"),
        ("-500", "-500"),
        ("ごんぎつね", "ごんぎつね"),
    ],
)
def test_a_csv_cell_is_never_a_formula_and_a_phone_number_stays(given, made):
    assert formats.harmless(given) == made


def test_signs_that_a_workbook_cannot_hold_do_not_stop_it():
    _, content = written("xlsx", [["1\x0b2", "x", 1, ""]])
    assert openpyxl.load_workbook(io.BytesIO(content)).active["A2"].value == "12"
