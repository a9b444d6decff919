"""Item numbers (資料番号): ranges, check digits, what is wrong with a number. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.patrons.rules import check_digit as luhn


def _weighted(digits: str, weights: tuple[int, ...], modulus: int) -> int:
    """The complement of the weighted sum, weights from the right."""
    total = sum(int(digit) * weights[place % len(weights)] for place, digit in enumerate(reversed(digits)))
    return -total % modulus


def _eleven(digits: str) -> str:
    """Modulus 11 with weights 2 to 7; 10 has no digit of its own and is written 0, as NW-7 houses do."""
    return str(_weighted(digits, (2, 3, 4, 5, 6, 7), 11) % 10)


# The digit of each scheme; 7DR is the remainder by 7, 7DSR its complement.
CHECKS: dict[str, Callable[[str], str]] = {
    "m10w21": luhn,
    "m10w31": lambda digits: str(_weighted(digits, (3, 1), 10)),
    "m11": _eleven,
    "7dr": lambda digits: str(int(digits) % 7),
    "7dsr": lambda digits: str(-int(digits) % 7),
    "none": lambda digits: "",
}


@dataclass(frozen=True)
class Range:
    """One range of numbers (NumberRange); `branch_id` and `material_type` say which items draw from it."""

    pk: int
    name: str
    prefix: str
    length: int
    check_digit: str
    first: int
    last: int
    material_type: str = ""
    branch_id: int | None = None

    @property
    def serial_digits(self) -> int:
        """How many digits the serial has."""
        return self.length - len(self.prefix) - (self.check_digit != "none")

    def number(self, serial: int) -> str:
        """The number of a serial. ValueError outside the range."""
        if not self.first <= serial <= self.last:
            raise ValueError(f"資料番号の連番が範囲外です: {serial}")
        body = f"{self.prefix}{serial:0{self.serial_digits}d}"
        return body + CHECKS[self.check_digit](body)

    @property
    def low(self) -> int:
        """The smallest number that could be one of this range, whatever its check digit."""
        return int(f"{self.prefix}{self.first:0{self.serial_digits}d}".ljust(self.length, "0"))

    @property
    def high(self) -> int:
        """The largest."""
        return int(f"{self.prefix}{self.last:0{self.serial_digits}d}".ljust(self.length, "9"))

    def serial(self, number: str) -> int:
        """The serial of a number of this range's shape."""
        end = self.length - (self.check_digit != "none")
        return int(number[len(self.prefix) : end])

    def shape_fits(self, number: str) -> bool:
        """Whether the number has the length and the first digits of this range."""
        return len(number) == self.length and number.startswith(self.prefix)

    def is_sound(self, number: str) -> bool:
        """Whether the last digit is the right one."""
        return self.check_digit == "none" or CHECKS[self.check_digit](number[:-1]) == number[-1]


def range_of(ranges: Iterable[Range], number: str) -> Range | None:
    """The range that a sound number belongs to; None for any other."""
    fitting = (r for r in ranges if r.shape_fits(number) and r.is_sound(number))
    return next((r for r in fitting if r.first <= r.serial(number) <= r.last), None)


def problem(ranges: Iterable[Range], number: str) -> str:
    """Why this is no item number of the library, in words for the screen; "" when it is one."""
    known = list(ranges)
    if not (number.isascii() and number.isdigit()):
        return "資料番号は数字だけで入力してください。"
    if range_of(known, number):
        return ""
    lengths = sorted({r.length for r in known})
    if len(number) not in lengths:
        return f"資料番号は{'・'.join(map(str, lengths))}桁です({len(number)}桁ありました)。"
    shaped = [r for r in known if r.shape_fits(number)]
    if not shaped:
        prefixes = "・".join(sorted({r.prefix for r in known if r.length == len(number)}))
        return f"資料番号は{prefixes}で始まります。利用券の番号ではありませんか。"
    if not any(r.is_sound(number) for r in shaped):
        return "資料番号の検査数字が合いません。読み直してください。"
    spans = "、".join(f"{r.name} {r.number(r.first)}～{r.number(r.last)}" for r in shaped)
    return f"資料番号が番号帯の外です({spans})。"


def range_for(ranges: Iterable[Range], branch_id: int | None, material_type: str) -> Range | None:
    """The range from which an item of that place and material draws its number; the most special one."""
    fitting = [r for r in ranges if r.branch_id in (None, branch_id) and r.material_type in ("", material_type)]
    return max(fitting, key=lambda r: (r.branch_id is not None, bool(r.material_type), -r.pk), default=None)


def overlap(one: Range, other: Range) -> bool:
    """Whether a number could belong to both."""
    return one.length == other.length and one.low <= other.high and other.low <= one.high
