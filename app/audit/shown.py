"""Events in Japanese, for the page and for files."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from app.access.operations import title_of
from app.audit import subjects
from app.audit.forms import OUTCOMES
from app.audit.models import AuditEvent

KINDS = {"staff": "職員", "patron": "利用者", "system": "自動処理", "anonymous": "未確認"}
# What acts that are no operation of the table of permissions are called.
ACTS = {
    "access.sign_in": "サインイン",
    "access.sign_out": "サインアウト",
    "patrons.sign_in": "マイページのサインイン",
    "patrons.sign_out": "マイページのサインアウト",
    "patrons.change_own_password": "本人のパスワード変更",
    "patrons.apply": "Web仮登録の受付",
    "patrons.stopped_card": "止めた利用券の使用",
    "patrons.change_categories": "年度の区分更新",
    "patrons.erase": "退会者の消去",
    "exports.fetch": "書出しファイルの受取",
    "exports.erase": "書出しファイルの消去",
    "exports.decline": "書出しの不承認",
    "audit.mass_view": "大量閲覧の検知",
    "audit.dispose": "監査記録の廃棄",
}
DETAILS = {
    "since": "開始日",
    "until": "終了日",
    "actor": "職員番号",
    "operation": "操作",
    "outcome": "結果",
    "terminal": "端末",
    "roles": "役割",
    "fields": "変更した項目",
    "personal": "変更した個人情報の項目",
    "changed": "変更",
    "created": "登録",
    "updated": "更新",
    "new": "新規",
    "there": "登録済み",
    "record": "書誌",
    "branch": "館",
    "name": "一覧",
    "format": "形式",
    "rows": "件数",
    "waits": "承認待ち",
    "for": "対象者・対象",
    "what": "内容",
    "note": "備考",
    "reason": "理由",
    "from": "変更前",
    "to": "変更後",
    "number": "数",
    "version": "版",
    "export": "書出し",
    "people": "人数",
    "finding": "確認結果",
    "requested": "申請者",
    "approved": "承認者",
    "card_added": "加えた券種",
    "card_lost": "紛失した券種",
    "state": "券の状態",
    "kinds": "停止の対象",
    "lifted": "解除した停止",
    "year": "年度",
}
TITLES = (
    "日時",
    "操作者の種別",
    "操作者",
    "操作",
    "操作の符号",
    "結果",
    "対象の種別",
    "対象",
    "目的",
    "端末",
    "受付番号",
    "変更前と変更後",
    "詳細",
)


@dataclass(frozen=True)
class Change:
    """One field that was changed."""

    label: str
    before: str
    after: str


def act(code: str) -> str:
    """What an event's operation is called."""
    return ACTS.get(code) or title_of(code)


def words(value: Any) -> str:
    """A value of the detail."""
    if value is None or value == "" or value == []:
        return "（空）"
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if isinstance(value, dict):
        return "、".join(f"{name} {words(one)}" for name, one in value.items())
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def changes_of(event: AuditEvent) -> list[Change]:
    """The fields that an event changed, with their values before and after; a new thing has nothing before."""
    labels = subjects.of(event.subject_type).labels
    if "after" not in event.detail and "before" not in event.detail:
        return []
    before, after = event.detail.get("before"), event.detail.get("after")
    if not isinstance(before or {}, dict) or not isinstance(after or {}, dict):
        return [Change("内容", words(before), words(after))]
    was, became = before or {}, after or {}
    return [
        Change(labels.get(name, name), words(was.get(name)), words(became.get(name)))
        for name in [*became, *(name for name in was if name not in became)]
        if was.get(name) != became.get(name)
    ]


def details_of(event: AuditEvent) -> list[tuple[str, str]]:
    """The event's other details with Japanese names, what is empty left out."""
    labels = subjects.of(event.subject_type).labels
    found = []
    for key, value in event.detail.items():
        if key in ("before", "after") or value in ("", None, []):
            continue
        if key in ("fields", "personal") and isinstance(value, list):
            value = [labels.get(name, name) for name in value]
        found.append((DETAILS.get(key, key), words(value)))
    return found


def subject_of(event: AuditEvent) -> str:
    """The event's subject."""
    return f"{subjects.of(event.subject_type).title} {event.subject_id}".strip()


def rows(events: Iterable[AuditEvent]) -> list[dict[str, Any]]:
    """Events as the page shows them."""
    return [
        {
            "event": event,
            "operation": act(event.operation),
            "kind": KINDS.get(event.actor_kind, event.actor_kind),
            "changes": changes_of(event),
            "details": details_of(event),
            "outcome": OUTCOMES[event.outcome],
            "subject": subject_of(event),
        }
        for event in events
    ]


def cells(event: AuditEvent) -> list[Any]:
    """An event as a row under TITLES."""
    return [
        timezone.localtime(event.at).strftime("%Y-%m-%d %H:%M:%S"),
        KINDS.get(event.actor_kind, event.actor_kind),
        event.actor,
        act(event.operation),
        event.operation,
        OUTCOMES[event.outcome],
        subjects.of(event.subject_type).title,
        event.subject_id,
        event.purpose,
        event.terminal or "",
        event.request_id,
        "；".join(f"{one.label}: {one.before} → {one.after}" for one in changes_of(event)),
        "・".join(f"{name} {value}" for name, value in details_of(event)),
    ]
