"""Pure decisions of the catalogue: ISBN, barcodes, years, classification. No database, no clock."""

import re
import unicodedata
from collections.abc import Sequence

# One check-digit scheme for every NW-7 label of the house, cards and items alike.
from app.patrons.rules import with_check_digit

_ISBN_CHARACTERS = re.compile(r"[0-9][0-9\-\s]{8,16}[0-9Xx]")
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERA_YEAR = re.compile(r"(明治|大正|昭和|平成|令和)\s*([0-9]{1,2}|元)")
_YEAR = re.compile(r"(?<![0-9])(1[0-9]{3}|20[0-9]{2})(?![0-9])")
_NDC = re.compile(r"^[0-9]{1,3}(\.[0-9]+)?$")

BARCODE_LENGTH = 10
# Cards begin with 1: what was scanned is known from its first digit.
ITEM_PREFIX = "2"


def isbn13(text: str) -> str:
    """The 13 digits of an ISBN written with 10 or 13 digits, hyphens and all; "" when it is not a valid ISBN."""
    digits = re.sub(r"[^0-9Xx]", "", unicodedata.normalize("NFKC", text)).upper()
    if len(digits) == 10 and re.fullmatch(r"[0-9]{9}[0-9X]", digits):
        if sum((10 - i) * (10 if c == "X" else int(c)) for i, c in enumerate(digits)) % 11:
            return ""
        body = "978" + digits[:9]
        return body + ean_check_digit(body)
    if len(digits) == 13 and digits.isdigit() and digits[:3] in ("978", "979"):
        return digits if ean_check_digit(digits[:12]) == digits[12] else ""
    return ""


def isbn_in(text: str) -> str:
    """The ISBN that a search text or a MARC subfield consists of or begins with ("978-4-06-… :"); "" without one."""
    normal = unicodedata.normalize("NFKC", text).strip()
    found = _ISBN_CHARACTERS.match(normal)
    return isbn13(found.group()) if found else ""


def ean_check_digit(body: str) -> str:
    """The EAN check digit of the digits (weights 1 and 3 from the left for 12, from the right in general)."""
    weighted = sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(reversed(body)))
    return str(-weighted % 10)


def item_barcode(serial: int) -> str:
    """The number of a serial in the range that a new library starts with: prefix, eight digits, check digit."""
    if not 0 < serial < 10**8:
        raise ValueError(f"資料番号の連番が範囲外です: {serial}")
    return with_check_digit(f"{ITEM_PREFIX}{serial:08d}")


def year_of(text: str) -> int | None:
    """The first year in a date of publication, Western or Japanese era ("2019.2", "[昭和63]"); None without one."""
    normal = unicodedata.normalize("NFKC", text)
    western = _YEAR.search(normal)
    if western:
        return int(western.group(1))
    era = _ERA_YEAR.search(normal)
    if era:
        return _ERAS[era.group(1)] + (1 if era.group(2) == "元" else int(era.group(2)))
    return None


def is_ndc(text: str) -> bool:
    """True for a number of the Nippon Decimal Classification, such as 913.6 (NDLC numbers begin with a letter)."""
    return bool(_NDC.match(text))


def chosen_class(
    number: str, edition: int | None, others: Sequence[str], wanted: int
) -> tuple[str, int | None, list[str]]:
    """The NDC number that counts, its edition, and the rest ("NDC9:023.1", "NDLC:UE13").

    The wanted edition's number when the record has one, else the newest; 0 wants the newest.
    """
    decimal = [(edition or 0, number)] if number else []
    rest = []
    for text in others:
        scheme, _, value = text.partition(":")
        if scheme[:3] == "NDC" and scheme[3:].isdigit() and is_ndc(value):
            decimal.append((int(scheme[3:]), value))
        else:
            rest.append(text)
    if not decimal:
        return "", None, list(others)
    decimal.sort(key=lambda pair: (pair[0] != wanted, -pair[0]))
    (best, value), *further = decimal
    return value, best or None, [f"NDC{one}:{other}" if one else f"NDC:{other}" for one, other in further] + rest


def order_of(volume: str) -> int | None:
    """The first number in a volume ("第3巻", "4"), as its place in the set; None without one."""
    found = re.search(r"[0-9]{1,6}", unicodedata.normalize("NFKC", volume))
    return int(found.group()) if found else None
