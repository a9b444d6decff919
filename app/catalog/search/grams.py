"""Grams: the pieces of a folded text under which the index lists documents. Pure.

A value of a field is a run of units: one Japanese character, or one latin word or number. A latin word has a blank
on either side, a line end stands before and behind each value: so one test for a substring (`needle` in text) says
whether a term occurs, begins a value or is a whole value. Every unit and every pair of Japanese characters or line
ends is listed. There are few kana and their pairs are everywhere, so three kana in a row are listed too, and so are the
first two characters of each value and whole values of one or two. Longer grams are listed only when they are so
frequent that looking at the texts would be slow (`dictionary`).
"""

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise

from app.catalog.search.fold import CJK

TITLE, AUTHOR, PUBLISHER, SUBJECT, SERIES, CONTENTS, NUMBERS, CLASSES = range(1, 9)
# The columns of a document by field number less one.
FIELDS = ("title", "author", "publisher", "subject", "series", "contents", "numbers", "classes")
# As long as a reader's name or the beginning of a title in kana, with the line ends: a frequent name of seven kana that
# is not listed is looked for in the texts of all that have its first six and its last six. Twice as many units as
# before make the lists a tenth longer (3.65 million records).
MOST_UNITS = 12
# Documents from which on a gram is worth its own list; so many can be looked at one by one in a few milliseconds.
FREQUENT = 1000
LEAST_SEEN = 8
_LATIN = re.compile(f" *([^ \n{CJK}]+) *")
_UNIT = re.compile(f"[{CJK}]|[^ \n{CJK}]+|\n")
_KANA = "ァ-ヺ"
_KANA_RUN = re.compile(f"[{_KANA}\n]{{3,}}")
_EDGES = (1, 2, 3)
# Numbers are many and each is rare: a few thousand buckets, and a look at the texts.
_BUCKETS = 1 << 15
_NUMBER_EDGES = (1, 3, 5, 7)
_CLASS_EDGE = 8


def spaced(value: str) -> str:
    """A folded value with one blank on either side of each latin word."""
    return _LATIN.sub(r" \1 ", value).replace("  ", " ")


def lines(values: Iterable[str]) -> str:
    """The text of a field: its spaced values, each once, between line ends; "" without any."""
    found = "\n".join(dict.fromkeys(value for value in values if value))
    return f"\n{found}\n" if found else ""


def needle(folded: str, match: str) -> str:
    """What a field's text must contain for a folded text to occur in it; "" when nothing can be looked for."""
    text = spaced(folded)
    if not text.strip():
        return ""
    if match == "exact":
        return f"\n{text}\n"
    return "\n" + text.rstrip(" ") if match == "prefix" else text


def units(text: str) -> list[str]:
    """The units of a needle or a value, line ends included."""
    return _UNIT.findall(text)


def is_latin(unit: str) -> bool:
    """True for a latin word or a number."""
    return _LATIN.fullmatch(unit) is not None


def joined(parts: list[str], latin: list[bool]) -> str:
    """Units as one gram: a blank stands between latin words only."""
    text = parts[0]
    for number in range(1, len(parts)):
        text += f" {parts[number]}" if latin[number] and latin[number - 1] else parts[number]
    return text


def always(parts: list[str], latin: list[bool]) -> bool:
    """True when every text with these neighbouring units is listed under them, frequent or not."""
    if len(parts) == 1:
        return parts[0] != "\n"
    if len(parts) == 2:
        return not any(latin) or "\n" in parts
    begins, ends = parts[0] == "\n", parts[-1] == "\n"
    if len(parts) == 3:
        if any(latin):
            return begins and ends
        return begins or _KANA_RUN.fullmatch("".join(parts)) is not None
    return len(parts) == 4 and begins and ends and not any(latin)


def of_text(text: str, dictionary: frozenset[str]) -> set[str]:
    """The grams of a field's text."""
    found: set[str] = set()
    for value in text[1:-1].split("\n"):
        if " " in value:
            _of_units(units(f"\n{value}\n"), dictionary, found)
            continue
        found.update(value)
        line = f"\n{value}\n"
        found.update([a + b for a, b in pairwise(line)])
        found.add(line[:3])
        if len(value) <= 2:
            found.add(line)
        for run in _KANA_RUN.findall(line):
            found.update([run[start : start + 3] for start in range(len(run) - 2)])
        if dictionary:
            for start in range(len(line) - 2):
                end = start + 3
                while (gram := line[start:end]) in dictionary:
                    found.add(gram)
                    end += 1
                    if end > start + MOST_UNITS or end > len(line):
                        break
    return found


def _of_units(parts: list[str], dictionary: frozenset[str], found: set[str]) -> None:
    latin = [is_latin(part) for part in parts]
    for start, part in enumerate(parts):
        if part != "\n":
            found.add(part)
        if latin[start]:
            edges = [f"{part[:edge]}*" for edge in _EDGES if len(part) >= edge]
            found.update(edges)
            if parts[start - 1] == "\n":
                found.update("\n" + edge for edge in edges)
        for end in range(start + 2, min(start + MOST_UNITS, len(parts)) + 1):
            gram = joined(parts[start:end], latin[start:end])
            if gram in dictionary or always(parts[start:end], latin[start:end]):
                found.add(gram)
            elif end > start + 2:
                break


def _bucket(number: str) -> str:
    return f"#{zlib.crc32(number.encode()) % _BUCKETS}"


def of_numbers(text: str, _: frozenset[str]) -> set[str]:
    """The grams of the field of numbers (ISBN and its kind)."""
    found = set()
    for value in text.split():
        found.add(_bucket(value))
        found.update(f"^{value[:edge]}" for edge in _NUMBER_EDGES if len(value) >= edge)
    return found


def of_classes(text: str, _: frozenset[str]) -> set[str]:
    """The grams of the field of classes: every beginning."""
    return {f"^{value[:edge]}" for value in text.split() for edge in range(1, min(len(value), _CLASS_EDGE) + 1)}


MAKERS: tuple[Callable[[str, frozenset[str]], set[str]], ...] = (*[of_text] * 6, of_numbers, of_classes)


def for_numbers(wanted: str) -> list[str]:
    """The grams that a document with this needle in its numbers has; they never prove it."""
    if wanted.endswith("\n") or not wanted.startswith("\n"):
        return [_bucket(wanted.strip())]
    value = wanted.strip()
    return [f"^{value[:edge]}" for edge in _NUMBER_EDGES if len(value) >= edge][-1:]


def for_classes(wanted: str) -> tuple[list[str], bool]:
    """The gram that a document with a class of this beginning has, and whether it proves it."""
    value = wanted.strip()
    return [f"^{value[:_CLASS_EDGE]}"], len(value) <= _CLASS_EDGE and not wanted.endswith("\n")


def long_grams(wanted: str) -> set[str]:
    """The grams of a needle that may stand in the dictionary."""
    parts = units(wanted)
    latin = [is_latin(part) for part in parts]
    return {
        joined(parts[start:end], latin[start:end])
        for start in range(len(parts))
        for end in range(start + 2, min(start + MOST_UNITS, len(parts)) + 1)
        if not always(parts[start:end], latin[start:end])
    }


def cover(wanted: str, known: set[str]) -> tuple[list[str], str, bool]:
    """The grams that every document with the needle has, the beginning of a word that it ends in, and whether these
    prove the needle. `known` are those of its `long_grams` that the dictionary has.

    The word's beginning (three characters are listed, more are looked up by range) is "" unless the needle ends within
    a latin word.
    """
    parts = units(wanted)
    latin = [is_latin(part) for part in parts]
    begun = ""
    if latin and latin[-1] and not wanted.endswith(" "):
        begun = parts[-1]
        if parts[:-1] == ["\n"]:
            begun = f"\n{begun}"
            parts, latin = [], []
        else:
            parts, latin = parts[:-1], latin[:-1]
        if begun.strip() and len(begun.strip()) <= _EDGES[-1]:
            return [*_maximal(parts, latin, known), f"{begun}*"], "", not parts
    grams = _maximal(parts, latin, known)
    return grams, begun, (not parts and bool(begun)) or (not begun and grams == [joined(parts, latin)])


def _maximal(parts: list[str], latin: list[bool], known: set[str]) -> list[str]:
    """The longest listed grams from each unit on, without those that lie within another."""
    grams: list[str] = []
    reached = 0
    for start in range(len(parts)):
        for end in range(min(start + MOST_UNITS, len(parts)), start, -1):
            gram = joined(parts[start:end], latin[start:end])
            if gram in known or always(parts[start:end], latin[start:end]):
                if end > reached:
                    grams.append(gram)
                    reached = end
                break
    return list(dict.fromkeys(grams))


def dictionary(sample: list[tuple[str, ...]], documents: int) -> frozenset[str]:
    """The long grams that are frequent, judged by a sample of the texts of `documents` documents.

    One pass for each length: a gram can only be frequent when its beginning is.
    """
    if not sample:
        return frozenset()
    enough = max(LEAST_SEEN, FREQUENT * len(sample) / documents)
    kept: set[str] = set()
    before: set[str] = set()
    for length in range(2, MOST_UNITS + 1):
        seen: Counter[str] = Counter()
        for texts in sample:
            grams: set[str] = set()
            for text in texts:
                for value in text[1:-1].split("\n"):
                    _candidates(value, length, before, grams)
            seen.update(grams)
        before = {gram for gram, count in seen.items() if count >= enough}
        kept |= before
    return frozenset(kept)


def _candidates(value: str, length: int, before: set[str], grams: set[str]) -> None:
    """The grams of that length in a value whose beginnings were frequent; of two units only the unlisted ones."""
    if " " not in value:
        if length > 2:
            line = f"\n{value}\n"
            for start in range(len(line) - length + 1):
                if length == 3 or line[start : start + length - 1] in before:
                    grams.add(line[start : start + length])
        return
    parts = units(f"\n{value}\n")
    latin = [is_latin(part) for part in parts]
    for start in range(len(parts) - length + 1):
        own, kinds = parts[start : start + length], latin[start : start + length]
        if length == 2 and always(own, kinds):
            continue
        shorter, kind = own[:-1], kinds[:-1]
        if length == 2 or (length == 3 and always(shorter, kind)) or joined(shorter, kind) in before:
            grams.add(joined(own, kinds))
