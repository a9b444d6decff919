"""The end of keeping: a month of the log goes when its years are over, one person asked and another approved.

The application cannot delete an event. It asks the database's function `audit_dispose` (migration 0006), which runs
with the owner's rights and looks for itself: six years, an approved request by two people, every event sealed.
"""

from datetime import date, datetime

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from app.access.actions import require
from app.access.actor import Actor, system
from app.access.operations import declare
from app.audit import queries, rules
from app.audit.actions.recording import record
from app.audit.models import AuditDisposal
from inventory import load

REQUEST = declare("audit.request_disposal", "監査記録の廃棄を申請する", roles=(), kind="delete")
APPROVE = declare("audit.approve_disposal", "監査記録の廃棄を承認する", roles=(), kind="delete")
DISPOSED = "audit.dispose"
AHEAD = 36  # months for which there are partitions


class DisposalRefused(Exception):
    """The month is not disposed of; the text is for the screen."""


def years_kept() -> int:
    """The years of the contract; the inventory allows no fewer than six."""
    return load(settings.INVENTORY).contract.retention.audit_years


@transaction.atomic
def request(actor: Actor, month: date, reason: str, today: date) -> AuditDisposal:
    """Ask for a month's disposal. DisposalRefused before its time, without a reason, or a second time."""
    require(actor, REQUEST)
    if not reason.strip():
        raise DisposalRefused("廃棄する理由を入力してください。")
    if month.day != 1 or not rules.disposable(month, today, years_kept()):
        raise DisposalRefused(
            f"{month:%Y年%m月}の記録は{rules.kept_until(month, years_kept()):%Y年%m月%d日}まで保存します。"
        )
    made, fresh = AuditDisposal.objects.get_or_create(
        month=month, defaults={"requested_by": actor.number, "reason": reason.strip()[:200]}
    )
    if not fresh:
        raise DisposalRefused(f"{month:%Y年%m月}の廃棄は申請済みです。")
    record(actor, REQUEST, subject_type="month", subject_id=f"{month:%Y-%m}", purpose=made.reason)
    return made


@transaction.atomic
def decide(actor: Actor, disposal_id: int, approved: bool, now: datetime) -> None:
    """Approve somebody else's request, or turn it down (anybody's). DisposalRefused for one's own and when it is too
    late."""
    require(actor, APPROVE)
    asked = AuditDisposal.objects.select_for_update().filter(pk=disposal_id, approved_at=None).first()
    if asked is None:
        raise DisposalRefused("この申請は承認待ちではありません。")
    if approved and asked.requested_by == actor.number:
        raise DisposalRefused("自分の申請は承認できません。ほかの承認者に依頼してください。")
    if approved:
        asked.approved_by, asked.approved_at = actor.number, now
        asked.save(update_fields=["approved_by", "approved_at"])
    else:
        asked.delete()
    record(
        actor,
        APPROVE,
        outcome="done" if approved else "refused",
        subject_type="month",
        subject_id=f"{asked.month:%Y-%m}",
        purpose=asked.reason,
        detail={"for": asked.requested_by},
    )


def carry_out() -> list[str]:
    """Dispose of the months that are approved; returns a line for each. What the database refuses stays, with its
    words."""
    told = []
    for asked in queries.approved_disposals():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT audit_dispose(%s)", [asked.month])
                rows = cursor.fetchone()[0]
                record(
                    system("audit.dispose"),
                    DISPOSED,
                    subject_type="month",
                    subject_id=f"{asked.month:%Y-%m}",
                    purpose=asked.reason,
                    detail={"rows": rows, "requested": asked.requested_by, "approved": asked.approved_by},
                )
            told.append(f"{asked.month:%Y年%m月}の{rows:,}件を廃棄しました。")
        except DatabaseError as error:
            told.append(f"{asked.month:%Y年%m月}は廃棄できません: {str(error).splitlines()[0]}")
    return told


def make_months() -> int:
    """Partitions for the months to come; returns how many were made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_make_months(%s)", [AHEAD])
        return int(cursor.fetchone()[0])
