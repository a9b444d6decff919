"""Pure decisions about cards, names and validity."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

CARD_LENGTH = 10
LEAST_DIGITS, MOST_DIGITS = 8, 20
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


PREFECTURE = re.compile(r"^(東京都|北海道|京都府|大阪府|.{2,3}県)")
CITY = re.compile(r"^(.{1,5}郡.{1,6}?[町村]|.{1,6}?市(?!市)|.{1,6}?区|.{1,6}?[町村])")


def _place(address: str) -> str:
    return PREFECTURE.sub("", re.sub(r"\s", "", unicodedata.normalize("NFKC", address)))


def city_key(address: str) -> str:
    """The beginning of an address as the search compares it: the city, without the prefecture."""
    return _place(address)


def town_key(address: str) -> str:
    """The town of an address as the search compares it: without prefecture, city and 大字."""
    return re.sub(r"^(大字|字)", "", CITY.sub("", _place(address), count=1))


def address_keys(typed: str) -> list[str]:
    """The forms in which the beginning of an address may be meant: from the city on, or from the town on (長野市 may
    be a city, 川中島町 a town). Empty when nothing remains."""
    return sorted({city_key(typed), town_key(typed)} - {""})


def address_fits(address: str, typed: str) -> bool:
    """Whether an address begins, from its city or its town on, with what was typed."""
    whole = (city_key(address), town_key(address))
    return any(form.startswith(key) for form in whole for key in address_keys(typed))


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


def years_old(birth_date: date, on: date) -> int:
    """Full years on a day."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def school_age(birth_date: date, year: int) -> int:
    """Full years on 1 April of a year as schools count them: who is born on 1 April belongs to the year before (an age
    is reached at the end of the day before the birthday; 年齢計算ニ関スル法律)."""
    return year - birth_date.year - ((birth_date.month, birth_date.day) > (4, 1))


@dataclass(frozen=True)
class AgeBand:
    """A category that people belong to by age, both ends included; None is open."""

    category_id: int
    low: int | None
    high: int | None


def category_by_age(bands: Iterable[AgeBand], birth_date: date, year: int) -> int | None:
    """The category of the school year that begins on 1 April; None when no band has that age."""
    age = school_age(birth_date, year)
    for band in bands:
        if (band.low is None or band.low <= age) and (band.high is None or age <= band.high):
            return band.category_id
    return None


@dataclass(frozen=True)
class Standing:
    """What decides whether somebody may do something at all, whatever the item is."""

    valid_until: date | None = None
    withdrawn_on: date | None = None
    lend_stopped_until: date | None = None
    hold_stopped_until: date | None = None
    web_stopped_until: date | None = None
    may_hold: bool = True
    may_ill: bool = True


def until_words(until: date) -> str:
    """ "…まで" for the screen; an open end is said in words."""
    return "解除されるまで" if until == date.max else f"{until:%Y/%m/%d}まで"


def refusal(standing: Standing, what: str, today: date) -> str:
    """Why somebody may not `lend`, `hold`, `ill` (ask for another library's book) or sign in to the `web`, as a
    sentence for the screen; empty when nothing speaks against it."""
    titles = {"lend": "貸出", "hold": "予約", "ill": "相互貸借の申込み", "web": "マイページの利用"}
    if standing.withdrawn_on:
        return "退会した利用者です。"
    if not is_valid(standing.valid_until, today):
        return f"利用券の有効期限（{standing.valid_until:%Y/%m/%d}）が切れています。更新してください。"
    if what == "ill" and not standing.may_ill:
        return "この利用者区分では相互貸借を申し込めません。"
    if what in ("hold", "ill") and not standing.may_hold:
        return "この利用者区分では予約できません。"
    stopped = {
        "lend": standing.lend_stopped_until,
        "hold": standing.hold_stopped_until,
        "ill": standing.hold_stopped_until,
        "web": standing.web_stopped_until,
    }[what]
    if stopped and today <= stopped:
        return f"{until_words(stopped)}{titles[what]}を停止しています。"
    return ""


def number_problem(number: str, kind: str) -> str | None:
    """What is wrong with an identifier of a kind, as a sentence; None when it may be registered. Our own cards and the
    phone's picture of one have our check digit; other cards have whatever their maker printed."""
    if kind in ("card", "phone"):
        return card_problem(number)
    if not (number.isascii() and number.isdigit() and LEAST_DIGITS <= len(number) <= MOST_DIGITS):
        return f"番号は{LEAST_DIGITS}〜{MOST_DIGITS}桁の数字です。"
    return None


def masked_phone(text: str) -> str:
    """Only the last four digits."""
    digits = plain_phone(text)
    return f"●●●●●●{digits[-4:]}" if len(digits) > 4 else "●" * len(digits)


def masked_email(text: str) -> str:
    """Only the first letter and the domain."""
    name, _, domain = text.partition("@")
    return f"{name[:1]}●●●@{domain}" if domain else "●" * len(text)


def masked_address(text: str) -> str:
    """The address up to its first digit: city and town, which tell namesakes apart."""
    town = re.split(r"[0-9０-９]", text, maxsplit=1)[0]
    return f"{town}●●●" if town != text else text


def masked_birth(day: date | None) -> str:
    """Only the year."""
    return f"{day:%Y}年●月●日" if day else ""


def masked_name(text: str) -> str:
    """Only the family name."""
    family = text.split(" ")[0].split("　")[0]
    return f"{family} ●●" if family != text else "●" * len(text)


def addressee(name: str, birth_date: date | None, guardian: str, today: date, guardian_until_age: int) -> str:
    """Who a letter is written to: a child's guardian by name or as 保護者様, everybody else by name."""
    if birth_date and school_age(birth_date, today.year - (today.month < 4)) <= guardian_until_age:
        return f"{guardian} 様（{name} 様の保護者）" if guardian else f"{name} 様 保護者様"
    return f"{name} 様"


@dataclass(frozen=True)
class CounterNote:
    """One line that the counter shows when a card is read. `tone` is bad, warn or info."""

    tone: str
    text: str


def standing_notes(
    standing: Standing,
    today: date,
    *,
    notice_days: int,
    post_returned_on: date | None,
    reasons: Sequence[tuple[str, str]] = (),
) -> list[CounterNote]:
    """What the register itself has to say at the counter. `reasons` are (kind, reason) of the stops in force."""
    notes = []
    told = dict(reasons)
    for what in ("lend", "hold", "web"):
        stopped = getattr(standing, f"{what}_stopped_until")
        if stopped and today <= stopped:
            title = {"lend": "貸出", "hold": "予約", "web": "Web"}[what]
            reason = f"：{told[what]}" if told.get(what) else ""
            notes.append(
                CounterNote("bad" if what == "lend" else "warn", f"{title}停止（{until_words(stopped)}）{reason}")
            )
    if post_returned_on:
        text = f"郵便が返戻されています（{post_returned_on:%Y/%m/%d}）。現住所を確かめてください。"
        notes.append(CounterNote("warn", text))
    if standing.valid_until:
        left = (standing.valid_until - today).days
        if 0 <= left <= notice_days:
            text = f"利用券の有効期限まであと{left}日（{standing.valid_until:%Y/%m/%d}）。更新できます。"
            notes.append(CounterNote("info", text))
    return notes
