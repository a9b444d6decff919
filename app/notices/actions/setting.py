"""Texts, policies, means, stops and wishes: what staff decide about notices."""

from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.notices import rules, wording
from app.notices.actions.operations import SETTLE, STOP, WISH, WORD
from app.notices.codes import AUTOMATIC, CHOOSABLE, Adapter, Kind
from app.notices.models import KindWish, Means, Policy, Stop, Wish, Wording
from app.web.sealed import LEAST_SECRET

LONGEST_STOP_DAYS = 366 * 2
MEANS = (
    ("mail", "メール", Adapter.MAIL, "email", 10),
    ("phone", "電話", Adapter.CALL, "phone", 20),
    ("postcard", "はがき", Adapter.POSTCARD, "address", 30),
    ("letter", "文書", Adapter.LETTER, "address", 40),
)
# kind: needs approval, from, until, on closed days, days the record is kept
POLICIES = (
    (Kind.READY, False, time(9), time(21), True, 60),
    (Kind.DUE, False, time(9), time(21), True, 60),
    (Kind.OVERDUE, True, time(9), time(21), False, 1095),
    (Kind.CARD, False, time(9), time(21), True, 400),
    (Kind.REQUEST, False, time(9), time(21), True, 60),
    (Kind.ARRIVAL, False, time(9), time(21), True, 30),
    # Somebody waits for these in front of the screen, and their links do not last.
    (Kind.RESET, False, time(0), time(23, 59, 59), True, 30),
    (Kind.MAIL_CHECK, False, time(0), time(23, 59, 59), True, 30),
)


@transaction.atomic
def word(actor: Actor, kind: str, stage: int, means: str, subject: str, body: str, line: str) -> Wording:
    """Store a new version of a text; it is used from the next notice on, the earlier ones stay to be seen.

    ValidationError (by field) names fields that do not exist. The same text again makes no version.
    """
    access.require(actor, WORD)
    problems = {}
    for name, text, known in (
        ("subject", subject, wording.FIELDS),
        ("body", body, wording.FIELDS),
        ("line", line, wording.LINE_FIELDS),
    ):
        if unknown := rules.unknown_fields(text, known):
            problems[name] = "使えない差込み項目があります: " + "、".join(f"{{{one}}}" for one in unknown)
    if problems:
        raise ValidationError(problems)
    same = Wording.objects.select_for_update().filter(kind=kind, stage=stage, means=means).order_by("-version")
    last = same.first()
    if last and (last.subject, last.body, last.line) == (subject, body, line):
        return last
    made = Wording.objects.create(
        kind=kind,
        stage=stage,
        means=means,
        version=last.version + 1 if last else 1,
        subject=subject,
        body=body,
        line=line,
        made_by=(actor.name or actor.number)[:40],
    )
    audit.record(
        actor, WORD, subject_type="wording", subject_id=f"{kind}:{stage}:{means}", detail={"version": made.version}
    )
    return made


@dataclass(frozen=True)
class PolicyChange:
    """What the policy form collects."""

    enabled: bool
    needs_approval: bool
    send_from: time
    send_until: time
    on_closed_days: bool
    keep_days: int


@transaction.atomic
def set_policy(actor: Actor, kind: str, what: PolicyChange) -> Policy:
    """Change when notices of a kind go out. ValidationError when the hours end before they begin."""
    access.require(actor, SETTLE)
    if what.send_from >= what.send_until:
        raise ValidationError({"send_until": "終了は開始より後の時刻にしてください。"})
    policy = Policy.objects.select_for_update().get(kind=kind)
    told = audit.changes({name: getattr(policy, name) for name in vars(what)}, vars(what))
    for name, value in vars(what).items():
        setattr(policy, name, value)
    policy.save()
    audit.record(actor, SETTLE, subject_type="notice_policy", subject_id=kind, detail=told)
    return policy


@transaction.atomic
def put_means(actor: Actor, code: str, **fields: Any) -> Means:
    """Add or change a means. The four of the library itself keep their adapter. ValidationError (by field)."""
    access.require(actor, SETTLE)
    own = {row[0]: row[2] for row in MEANS}
    if code in own and fields.get("adapter", own[code]) != own[code]:
        raise ValidationError({"adapter": "この手段の方式は変えられません。"})
    if fields.get("adapter") == Adapter.HTTP and not str(fields.get("target", "")).startswith(("https://", "http://")):
        raise ValidationError({"target": "https:// で始まる送り先を入力してください。"})
    if fields.get("adapter") == Adapter.FILE and not str(fields.get("target", "")).isidentifier():
        raise ValidationError({"target": "フォルダ名は英数字で入力してください。"})
    was = Means.objects.select_for_update().filter(code=code).first()
    secret = str(fields.get("secret", was.secret if was else ""))
    if fields.get("adapter") == Adapter.FILE and len(secret) < LEAST_SECRET:
        raise ValidationError(
            {"secret": f"ファイルは暗号化して渡します。鍵を{LEAST_SECRET}文字以上で入力してください。"}
        )
    told = audit.changes({name: getattr(was, name) for name in fields} if was else {}, fields, personal=("secret",))
    means, _ = Means.objects.update_or_create(code=code, defaults=fields)
    audit.record(actor, SETTLE, subject_type="means", subject_id=code, detail=told)
    return means


@transaction.atomic
def stop(
    actor: Actor,
    *,
    patron_id: int | None = None,
    item_id: int | None = None,
    from_on: date,
    until_on: date,
    reason: str,
) -> Stop:
    """Leave a patron or an item out of reminders from one day to another, both included. ValidationError (by field)."""
    access.require(actor, STOP)
    if until_on < from_on:
        raise ValidationError({"until_on": "終了日は開始日以後の日付を入力してください。"})
    if (until_on - from_on).days > LONGEST_STOP_DAYS:
        raise ValidationError({"until_on": "停止できるのは2年までです。"})
    if not reason.strip():
        raise ValidationError({"reason": "事情を入力してください。"})
    made = Stop.objects.create(
        patron_id=patron_id,
        item_id=item_id,
        from_on=from_on,
        until_on=until_on,
        reason=reason.strip()[:200],
        by=(actor.name or actor.number)[:60],
    )
    subject = ("patron", patron_id) if patron_id else ("item", item_id)
    audit.record(actor, STOP, subject_type=subject[0], subject_id=str(subject[1]), detail={"until": str(until_on)})
    return made


@transaction.atomic
def end_stop(actor: Actor, stop_id: int) -> bool:
    """End a stop before its time."""
    access.require(actor, STOP)
    there = Stop.objects.filter(pk=stop_id).first()
    if there is None:
        return False
    subject = ("patron", there.patron_id) if there.patron_id else ("item", there.item_id)
    audit.record(actor, STOP, subject_type=subject[0], subject_id=str(subject[1]), detail={"ended": True})
    there.delete()
    return True


@transaction.atomic
def wish(actor: Actor, patron_id: int, *, due_soon: bool, prefers_id: int | None = None) -> Wish:
    """Whether a patron wants to be told before the due date, and by which means instead of mail."""
    access.require(actor, WISH)
    return _wish(actor, patron_id, {"due_soon": due_soon, "prefers_id": prefers_id})


@transaction.atomic
def wish_due_soon(actor: Actor, patron_id: int, due_soon: bool) -> Wish:
    """The patron's own word about the notice before the due date; NotPermitted for anybody else's."""
    if actor.kind != "patron" or actor.number != str(patron_id):
        access.require(actor, WISH)
    return _wish(actor, patron_id, {"due_soon": due_soon})


@transaction.atomic
def wish_kind(actor: Actor, patron_id: int, kind: str, *, wanted: bool, means_id: int | None = None) -> KindWish:
    """Whether a patron wants a kind of notice, and by which automatic means; their own word, or staff's for them.

    ValidationError for a kind that is not theirs to choose (ready holds have their own way, reminders are the
    library's duty) and for a means that is not in use.
    """
    if actor.kind != "patron" or actor.number != str(patron_id):
        access.require(actor, WISH)
    if kind not in CHOOSABLE:
        raise ValidationError({"kind": "この種類の通知は選べません。"})
    if means_id is not None and not Means.objects.filter(pk=means_id, enabled=True, adapter__in=AUTOMATIC).exists():
        raise ValidationError({"means": "手段を選び直してください。"})
    made, _ = KindWish.objects.update_or_create(
        patron_id=patron_id, kind=kind, defaults={"wanted": wanted, "means_id": means_id}
    )
    if kind == Kind.DUE:
        Wish.objects.update_or_create(patron_id=patron_id, defaults={"due_soon": wanted})
    audit.record(actor, WISH, subject_type="patron", subject_id=patron_id, detail={"kind": kind, "wanted": wanted})
    return made


def _wish(actor: Actor, patron_id: int, fields: dict[str, Any]) -> Wish:
    made, _ = Wish.objects.update_or_create(patron_id=patron_id, defaults=fields)
    audit.record(actor, WISH, subject_type="patron", subject_id=patron_id)
    return made


def seed() -> None:
    """What a new library starts with; what is there stays."""
    for code, name, adapter, address, order in MEANS:
        Means.objects.get_or_create(
            code=code, defaults={"name": name, "adapter": adapter, "address_field": address, "order": order}
        )
    for kind, approval, begin, end, closed, keep in POLICIES:
        Policy.objects.get_or_create(
            kind=kind,
            defaults={
                "needs_approval": approval,
                "send_from": begin,
                "send_until": end,
                "on_closed_days": closed,
                "keep_days": keep,
            },
        )
    for (kind, stage, means), (subject, body, line) in wording.FIRST.items():
        Wording.objects.get_or_create(
            kind=kind, stage=stage, means=means, version=1, defaults={"subject": subject, "body": body, "line": line}
        )


def after_migrate(sender: Any, using: str, **_: Any) -> None:
    """`post_migrate`: a new library has means, policies and texts."""
    if using == "default":
        seed()
