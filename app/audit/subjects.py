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
    Subject("hold", "予約"),
    Subject("request", "リクエスト"),
    Subject("role", "役割"),
    Subject("posting", "人事異動"),
    Subject("regulation", "貸出規則"),
    Subject("calendar", "開館日程"),
    Subject("redating", "期限の一括変更"),
    Subject("code", "コード表"),
    Subject("wording", "文言"),
    Subject("category", "利用者区分"),
    Subject("terminal", "端末"),
    Subject("page", "画面"),
    Subject("policy", "窓口の設定"),
    Subject("notice_policy", "通知の設定"),
    Subject("notice_batch", "通知の束"),
    Subject("notices", "通知"),
    Subject("means", "連絡手段"),
    Subject("job", "定時処理"),
    Subject("run", "配送便"),
    Subject("transfers", "回送"),
    Subject("floating", "所蔵館の移動"),
    Subject("application", "仮登録"),
    Subject("message", "お知らせ"),
    Subject("maintenance", "計画停止"),
    Subject("manual", "手引き"),
)
