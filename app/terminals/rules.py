"""Pure decisions about keys and lists."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

KEY = re.compile(r"^(Shift\+)?F([2-9]|10|12)$")
# Commands of the counter that are not pages: name → (title, usual key).
COMMANDS = {
    "circulation:inside": ("館内利用の画面", "Shift+F5"),
    "close": ("利用者を閉じる", "F8"),
    "receipt": ("レシート（全貸出分）", "F9"),
    "undo": ("直前の貸出・返却を取り消す", "F10"),
    "renew_all": ("全点を延長する", "Shift+F2"),
    "date": ("返却日・期限を指定する", "Shift+F3"),
    "no_card": ("利用券を忘れた人を探す", "Shift+F6"),
    "mute": ("消音", "Shift+F8"),
    "reprint": ("直前の票をもう一度印刷する", "Shift+F9"),
    "operator": ("操作者を替える・離席", "Shift+F7"),
}


def assigned(keys: Mapping[str, str]) -> dict[str, str]:
    """The given keys without empty ones."""
    return {name: key for name, key in keys.items() if key}


def key_problem(keys: Mapping[str, str]) -> str | None:
    """Why this assignment cannot be, as a sentence; None when it can."""
    seen: set[str] = set()
    for key in assigned(keys).values():
        if not KEY.match(key):
            return f"「{key}」は割り当てられません。F2～F10、F12と、Shiftを添えたものから選んでください。"
        if key in seen:
            return f"{key}が二つの画面に割り当てられています。"
        seen.add(key)
    return None


def keys_of(usual: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Name → key: a library's own assignments first, and the usual ones whose key is still free."""
    taken = {key for name, key in own.items() if name in usual}
    return {name: own.get(name) or ("" if key in taken else key) for name, key in usual.items()}


@dataclass(frozen=True)
class Column:
    """One column of a list. `order` is the field to sort by; empty when it cannot be sorted."""

    name: str
    title: str
    order: str = ""
    shown: bool = True


@dataclass(frozen=True)
class Arrangement:
    """How a list is shown: columns by name, the sorted column with `-` for descending, rows on a page."""

    columns: tuple[str, ...]
    sort: str
    size: int


def arrangement(
    columns: Iterable[Column], sizes: tuple[int, ...], usual: Arrangement, wanted: Mapping[str, object]
) -> Arrangement:
    """What is asked where it makes sense, the usual for the rest: unknown columns and sizes are left out."""
    known = {column.name: column for column in columns}
    names = [name for name in _texts(wanted.get("columns")) if name in known]
    sort = str(wanted.get("sort") or "")
    if not known.get(sort.removeprefix("-"), Column("", "")).order:
        sort = usual.sort
    size = wanted.get("size")
    number = int(str(size)) if str(size or "").isascii() and str(size or "").isdigit() else 0
    return Arrangement(tuple(names) or usual.columns, sort, number if number in sizes else usual.size)


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
