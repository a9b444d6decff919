"""Call numbers (請求記号) in their parts, and the rules that make them. Pure.

別置記号 (which shelf), 分類 (NDC), 図書記号 (first letters of the author's reading), 巻冊. Shelf order is made by the
database (`Item.call_key`), the same wherever items are listed.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_PARTS = re.compile(r"^(?P<shelf>[^0-9/]{0,10}?)/?(?P<cls>[0-9]{1,3}(?:\.[0-9]+)?)(?P<rest>(?:/.*)?)$")
_VOLUME = re.compile(r"[0-9]+|[上中下前後]")
_HUNDRED = re.compile(r"[〇一二三四五六七八九十百]+")
_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}
LONGEST_VOLUME = 12


@dataclass(frozen=True)
class CallNumber:
    """The four parts; what lacks is empty."""

    shelf_mark: str = ""
    classification: str = ""
    book_mark: str = ""
    volume_mark: str = ""

    @property
    def text(self) -> str:
        """As it is read: the parts that are there, between slashes."""
        return "/".join(filter(None, (self.shelf_mark, self.classification, self.book_mark, self.volume_mark)))

    @property
    def fields(self) -> dict[str, str]:
        """The columns of an item that hold it."""
        return {
            "shelf_mark": self.shelf_mark,
            "classification": self.classification,
            "book_mark": self.book_mark,
            "volume_mark": self.volume_mark,
            "call_number": self.text,
        }


def parse(text: str) -> CallNumber:
    """The parts of a call number that was written as one: 「913.6/ム/2」「K913/ア」「R/031/セ/10」「E/ア」.

    What is no call number of this kind (「6月号」) stands in the volume's place.
    """
    normal = unicodedata.normalize("NFKC", text).strip().strip("/")
    found = _PARTS.match(normal)
    if found:
        rest = [part.strip() for part in found["rest"].split("/")[1:]]
        return CallNumber(found["shelf"].strip(), found["cls"], "".join(rest[:1]), "-".join(filter(None, rest[1:])))
    first, _, rest_text = normal.partition("/")
    if rest_text and len(first) <= 10:
        second, _, third = rest_text.partition("/")
        return CallNumber(first.strip(), "", second.strip(), third.replace("/", "-").strip())
    return CallNumber(volume_mark=normal)


def volume_mark(volume: str) -> str:
    """What a volume comes to on a label: 「第2巻」→2, 「上」→上, 「第十二集 下」→12-下, 「BOOK 1」→1."""
    normal = _HUNDRED.sub(lambda found: str(number(found.group())), unicodedata.normalize("NFKC", volume))
    return "-".join(_VOLUME.findall(normal))[:LONGEST_VOLUME].strip("-")


def number(kanji: str) -> int:
    """The number that kanji numerals write, positional (一〇) or with 十 and 百."""
    if not set("十百") & set(kanji):
        return int("".join(str(_DIGITS[digit]) for digit in kanji))
    total = current = 0
    for sign in kanji:
        if sign in "十百":
            total += (current or 1) * (10 if sign == "十" else 100)
            current = 0
        else:
            current = _DIGITS[sign]
    return total + current


def first_letters(reading: str, letters: int = 1, *, hiragana: bool = False) -> str:
    """The first letters of a reading in katakana (or hiragana); small kana and long marks count as part of a name
    only where more than one letter is asked; 「ヴ」 stays, latin letters become capitals. Empty without letters."""
    normal = unicodedata.normalize("NFKC", reading).upper()
    kana = "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in normal)
    signs = [sign for sign in kana if sign.isalnum() or sign == "ー"]
    mark = "".join(signs[:letters])
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in mark) if hiragana else mark


@dataclass(frozen=True)
class Rule:
    """One line of the rule table (CallNumberRule)."""

    ndc_prefix: str = ""
    material_type: str = ""
    shelf_mark: str = ""
    class_places: int | None = None
    source: str = "creator"
    letters: int = 1
    script: str = "katakana"
    with_volume: bool = True


@dataclass(frozen=True)
class Described:
    """What a rule looks at: class, material, and the readings of author, person named and title."""

    ndc: str
    material_type: str
    creator: str = ""
    person: str = ""
    title: str = ""
    volume: str = ""


def rule_for(rules: Iterable[Rule], ndc: str, material_type: str) -> Rule:
    """The line that fits best: the longest beginning of the class, then the one that names the material.

    A library without any line takes the first letter of the author's reading.
    """
    fitting = [r for r in rules if ndc.startswith(r.ndc_prefix) and r.material_type in ("", material_type)]
    return max(fitting, key=lambda r: (len(r.ndc_prefix), bool(r.material_type)), default=Rule())


def make(rules: Sequence[Rule], of: Described) -> CallNumber:
    """The call number of an item by the rules."""
    rule = rule_for(rules, of.ndc, of.material_type)
    source = {"creator": (of.creator, of.title), "person": (of.person, of.title), "title": (of.title,)}
    reading = next(filter(None, source.get(rule.source, ())), "")
    return CallNumber(
        rule.shelf_mark,
        _shortened(of.ndc, rule.class_places),
        first_letters(reading, rule.letters, hiragana=rule.script == "hiragana"),
        volume_mark(of.volume) if rule.with_volume else "",
    )


def _shortened(ndc: str, places: int | None) -> str:
    """The class with that many digits, the point not counted."""
    if places is None:
        return ndc
    digits = re.sub(r"[^0-9]", "", ndc)[:places]
    return digits if len(digits) <= 3 else f"{digits[:3]}.{digits[3:]}"
