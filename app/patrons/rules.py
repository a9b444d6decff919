"""Pure decisions about cards, names and validity."""

import re
import unicodedata
from datetime import date

CARD_LENGTH = 10
CARD_PREFIX = "1"
NW7_FRAME = re.compile(r"^[A-Da-d]?(\d+)[A-Da-d]?$")
KANA = re.compile(r"^[ァ-ヴー・ ]+$")


def plain_number(scanned: str) -> str:
    """The digits of what a reader or a hand put in: full-width becomes ASCII, NW-7's start and stop letters,
    spaces and hyphens go. Empty when something other than a number remains."""
    text = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", scanned))
    match = NW7_FRAME.match(text)
    return match.group(1) if match else ""


def check_digit(digits: str) -> str:
    """The check digit of a number by modulus 10 with weights 2, 1, 2 … from the right, digit sums (JIS X 0503 usage
    of NW-7 leaves the choice to the house; this one finds every single wrong digit)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def with_check_digit(digits: str) -> str:
    """The number with its check digit appended."""
    return digits + check_digit(digits)


def number_is_sound(number: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    return len(number) > 1 and number.isascii() and number.isdigit() and check_digit(number[:-1]) == number[-1]


def card_problem(number: str) -> str | None:
    """What is wrong with a card number, as a sentence for the screen; None when it is sound."""
    if not (number.isascii() and number.isdigit()):
        return "利用券番号は数字で入力してください。"
    if len(number) != CARD_LENGTH:
        return f"利用券番号は{CARD_LENGTH}桁です（{len(number)}桁が入力されました）。"
    if not number.startswith(CARD_PREFIX):
        return f"利用券番号は{CARD_PREFIX}で始まります。資料の番号ではありませんか。"
    if not number_is_sound(number):
        return "検査数字が合いません。番号を確かめてください。"
    return None


def katakana(text: str) -> str:
    """A reading as the register keeps it: full-width katakana, one space between family and given name."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(chr(ord(char) + 0x60) if "ぁ" <= char <= "ゖ" else char for char in text)
    return re.sub(r"\s+", " ", text).strip()


def kana_key(text: str) -> str:
    """The reading as the search compares it: katakana without spaces and middle dots."""
    return re.sub(r"[ ・]", "", katakana(text))


def plain_phone(text: str) -> str:
    """A phone number as digits only, so that hyphens and full-width digits do not matter."""
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", text))


def is_valid(valid_until: date | None, today: date) -> bool:
    """Whether a card may be used today; the last day counts."""
    return valid_until is None or today <= valid_until


def age_band(birth_date: date | None, today: date) -> str:
    """The statistical age band, which says nothing about the person: `0-6`, `7-12`, `13-15`, `16-18`, `19-29`,
    then tens, `80-`; empty when unknown."""
    if birth_date is None:
        return ""
    age = today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))
    for low, high in ((0, 6), (7, 12), (13, 15), (16, 18), (19, 29)):
        if age <= high:
            return f"{low}-{high}"
    return "80-" if age >= 80 else f"{age // 10 * 10}-{age // 10 * 10 + 9}"


def years_later(day: date, years: int) -> date:
    """The same day `years` later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
