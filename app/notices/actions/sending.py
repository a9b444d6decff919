"""Handing over: each notice once, also when this process dies at any instant.

    ready → handing     committed before the other side hears anything
    handing → handed    committed after the other side answered

Who dies in between leaves a notice `handing`, of which nobody knows whether it went. It is found out, never guessed:
the mail server of this host writes a receipt for every mail it accepts, named by the notice's token and made from the
same queue file (roles/postfix); `returned.read` turns receipts into `handed`. A notice that is still `handing` after
`UNANSWERED`, with the mail server answering, was never accepted and goes again, under the same Message-ID, so that even
a receipt that was lost would show the patron one mail and not two in most programs. HTTP and files are repeated under
the same token, which makes them safe by themselves.
"""

import smtplib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.holds.models import PurchaseRequest
from app.holds.models import Status as HoldStatus
from app.notices import queries, tellers, texts
from app.notices.actions import shelf
from app.notices.actions.operations import SEND
from app.notices.actions.rerouting import reroute
from app.notices.codes import Adapter, Kind, State
from app.notices.models import Line, Means, Notice
from app.notices.transports import Answer, Handed, Later, Letter, Refused, Transports, Unknown

UNANSWERED = timedelta(minutes=15)
AGAIN = timedelta(minutes=10)
MOST_ATTEMPTS = 100  # at ten minutes: the better part of a day without the network


@dataclass
class Sent:
    """What a run came to."""

    handed: int = 0
    refused: int = 0
    later: int = 0
    unknown: int = 0
    dropped: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """One line in Japanese, for the list of jobs."""
        return (
            f"発送{self.handed}件、宛先不明{self.refused}件、再試行{self.later}件、"
            f"確認待ち{self.unknown}件、不要{self.dropped}件"
        )


def send_due(actor: Actor, now: datetime, most: int = 2000, kinds: Iterable[str] = ()) -> Sent:
    """Hand over what may go now (of these kinds, when given), at most `most` notices; two transactions each. One event
    in the log for the run."""
    access.require(actor, SEND)
    sent = Sent()
    with Transports() as transports:
        for _ in range(most):
            claimed = _claim(actor, now, tuple(kinds))
            if claimed is None:
                break
            notice, letter = claimed
            if letter is None:
                sent.dropped += 1
                continue
            means: Means = notice.means
            answer = transports.of(means.code, means.adapter, means.target, means.secret).hand(letter)
            _settle(actor, notice, answer, now, sent)
            if isinstance(answer, Later) and sent.later >= 20 and not sent.handed:
                break  # the other side is down: the next run tries again
    if sent.handed or sent.refused:
        audit.record(actor, SEND, subject_type="notices", detail={"handed": sent.handed, "kinds": sent.kinds})
    return sent


@transaction.atomic
def _claim(actor: Actor, now: datetime, kinds: tuple[str, ...]) -> tuple[Notice, Letter | None] | None:
    """Take the next notice and write its text; None when there is none. A notice without anything left to say, or
    whose address is gone, is settled here and has no letter."""
    due = queries.sendable(now, kinds).select_for_update(skip_locked=True, of=("self",))
    notice = due.select_related("patron", "means", "branch").order_by("not_before", "id").first()
    if notice is None:
        return None
    today = timezone.localdate(now)
    lines = living(notice, today)
    said = tellers.said(notice, lines[0], now) if lines and tellers.has(notice.kind) else None
    if not lines or (said is None and tellers.has(notice.kind)):
        _state(notice, State.DROPPED, result="返却・受取済み")
        return notice, None
    address = (said.to if said else "") or queries.address_of(notice.patron, notice.means)
    if not address:
        reroute(notice, "連絡先がない", today)
        return notice, None
    if notice.kind == Kind.READY:
        _begin_shelf_days(actor, lines, now)
    wording = queries.wording_for(notice.kind, notice.stage, notice.means.code)
    text = texts.text_of(notice, wording, lines, queries.patron_policy(), today, said)
    notice.state, notice.handed_at = State.HANDING, now
    notice.attempts += 1
    notice.save(update_fields=["state", "handed_at", "attempts"])
    return notice, Letter(
        token=notice.token.hex,
        to=address,
        subject=text.subject,
        body=text.body,
        library=texts.library_name(),
        domain=texts.mail_domain(),
        kind=notice.kind,
        at=timezone.localtime(now),
    )


def living(notice: Notice, today: date) -> list[Line]:
    """The lines that still say something true; the others are deleted. Called with the notice locked.

    Holds are locked before any line goes, as at the counter, where ending a hold takes its line with it.
    """
    if notice.kind == Kind.READY:
        shelf.lock(notice)
    lines = queries.lines_of([notice]).get(notice.pk, [])
    over = [line for line in lines if _is_over(line, today)]
    if over:
        Line.objects.filter(pk__in=[line.pk for line in over]).delete()
    rest = [line for line in lines if line not in over]
    if notice.kind == Kind.OVERDUE and rest and not any(line.stage for line in rest):
        return []  # what gave the reason is back; the others' time has not come
    return rest


def _is_over(line: Line, today: date) -> bool:
    if line.kind == Kind.OVERDUE:
        return line.loan is None or line.loan.due_on >= today
    if line.kind == Kind.DUE:
        return line.loan is None or line.loan.due_on != line.due_on
    if line.kind == Kind.READY:
        return line.hold is None or line.hold.status != HoldStatus.READY
    return False


def _begin_shelf_days(actor: Actor, lines: list[Line], now: datetime) -> None:
    """The patron is being told now: the days on the hold shelf count from today, and the text names their end."""
    for line in lines:
        if line.hold is not None and line.hold.contacted_on is None:
            line.hold = shelf.told(actor, line.hold, now)


def _state(notice: Notice, state: str, *, result: str = "", **fields: object) -> None:
    Notice.objects.filter(pk=notice.pk).update(state=state, result=result[:40], **fields)


@transaction.atomic
def _settle(actor: Actor, notice: Notice, answer: Answer, now: datetime, sent: Sent) -> None:
    """Write down what the other side answered. A receipt may have come first: then it stands."""
    there = Notice.objects.select_for_update(of=("self",)).select_related("patron", "means", "branch").get(pk=notice.pk)
    today = timezone.localdate(now)
    if isinstance(answer, Handed):
        if there.state == State.HANDING:
            _state(there, State.HANDED, result="", on_date=today, by=actor.name[:60])
        _tell_requests(there, now)
        sent.handed += 1
        sent.kinds[there.kind] = sent.kinds.get(there.kind, 0) + 1
    elif isinstance(answer, Refused):
        reroute(there, answer.code, today)
        sent.refused += 1
    elif isinstance(answer, Later):
        gone = there.attempts >= MOST_ATTEMPTS
        if gone:
            reroute(there, answer.why, today, bad=False)
        else:
            _state(there, State.READY, result=f"再試行: {answer.why}", not_before=now + AGAIN)
        sent.later += 1
    elif isinstance(answer, Unknown):
        sent.unknown += 1  # stays `handing` until the receipt tells


def _tell_requests(notice: Notice, now: datetime) -> None:
    if notice.kind == Kind.REQUEST:
        PurchaseRequest.objects.filter(notice_lines__notice=notice, told_at=None).update(told_at=now)


@transaction.atomic
def resolve_unknown(actor: Actor, now: datetime) -> int:
    """Notices whose hand-over broke off and for which no receipt came: they go again. Returns how many.

    Mails wait until the server answers: as long as it is down, a receipt may still be on its way.
    """
    access.require(actor, SEND)
    stuck = Notice.objects.filter(state=State.HANDING, handed_at__lt=now - UNANSWERED)
    if stuck.filter(means__adapter=Adapter.MAIL).exists() and not server_answers():
        stuck = stuck.exclude(means__adapter=Adapter.MAIL)
    return stuck.update(state=State.READY, not_before=now, result="引渡しの確認後に再送")


def server_answers() -> bool:
    """Whether the mail server of this host says hello."""
    try:
        with smtplib.SMTP(settings.MAIL_HOST, settings.MAIL_PORT, timeout=5) as server:
            return server.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False
