"""What events are about: each area says in its `subjects.py` how its kind is called, found and told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def as_typed(text: str) -> str | None:
    """For kinds whose identifier is what people type."""
    return text.strip() or None


@dataclass(frozen=True)
class Subject:
    """A kind of subject. `find` turns what people type into the identifier in the log, None when there is none;
    `labels` are the Japanese names of its fields in `before` and `after`."""

    kind: str
    title: str
    hint: str = ""
    find: Callable[[str], str | None] = as_typed
    labels: Mapping[str, str] = field(default_factory=dict)


_subjects: dict[str, Subject] = {}


def put(*subjects: Subject) -> None:
    """Add kinds; a later one of the same kind replaces the plain one that stands here."""
    for subject in subjects:
        _subjects[subject.kind] = subject


def subjects() -> list[Subject]:
    """Every kind, in the order of their titles' first appearance."""
    return list(_subjects.values())


def of(kind: str) -> Subject:
    """The kind; one without a Japanese name for a kind that this release does not know."""
    return _subjects.get(kind) or Subject(kind, kind)


put(
    Subject("patron", "利用者", "利用券番号"),
    Subject("staff", "職員", "職員番号"),
    Subject("record", "書誌", "書誌番号"),
    Subject("item", "資料", "資料番号"),
    Subject("branch", "館", "館の符号"),
    Subject("export", "書出しファイル", "番号"),
    Subject("month", "監査記録の月", "例 2026-11"),
)
