"""A forgotten password: asked for on a page that answers everybody alike, answered by a job, used by a link once."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from app.access.actor import Actor
from app.audit import actions as audit
from app.mypage import links, queries
from app.mypage.models import PasswordReset, ResetAsk
from app.notices.actions import planning
from app.notices.codes import Kind
from app.patrons import actions as patrons
from app.patrons import queries as patron_queries
from app.patrons import rules as patron_rules
from app.patrons.models import Patron
from app.web.sealed import blind

VALID = timedelta(minutes=30)
MOST_PER_HOUR = 20
MOST_LIVE = 3
KEPT = timedelta(hours=1)


class LinkOver(Exception):
    """The link was used, is too old, or never was one."""


@transaction.atomic
def ask_reset(actor: Actor, number: str, address: str, now: datetime | None = None) -> bool:
    """Note that somebody wants a new password. The same three statements whoever it is, and whether anybody is.

    False, and nothing noted, from the twenty-first within an hour from one address.
    """
    now = now or timezone.now()
    origin = blind(actor.terminal or "-", "mypage.origin")
    if ResetAsk.objects.filter(origin=origin, asked_at__gt=now - KEPT).count() >= MOST_PER_HOUR:
        return False
    ResetAsk.objects.create(number=number.strip()[:40], address=address.strip()[:254], asked_at=now, origin=origin)
    audit.record(actor, "mypage.ask_reset")
    return True


def answer_asks(actor: Actor, now: datetime) -> int:
    """Send a link to each reader who asked with their card and the mail address they registered; returns how many.

    One transaction each; what is answered forgets at once whom it was about.
    """
    made = 0
    for ask_id in ResetAsk.objects.filter(done=False).order_by("pk").values_list("pk", flat=True):
        made += _answer(actor, ask_id, now)
    return made


@transaction.atomic
def _answer(actor: Actor, ask_id: int, now: datetime) -> int:
    asked = ResetAsk.objects.select_for_update(skip_locked=True).filter(pk=ask_id, done=False).first()
    if asked is None:
        return 0
    number, address = patron_rules.plain_number(asked.number), asked.address.casefold()
    until = asked.asked_at + VALID
    asked.number, asked.address, asked.done = "", "", True
    asked.save(update_fields=["number", "address", "done"])
    patron = patron_queries.by_card(number) if number else None
    if patron is None or not address or patron.email.strip().casefold() != address or now >= until:
        return 0
    if patron_queries.refusal(patron, "web", timezone.localdate(now)):
        return 0
    if PasswordReset.objects.filter(patron=patron, used_at=None, expires_at__gt=now).count() >= MOST_LIVE:
        return 0
    run = planning.plan(actor, Kind.RESET, now)
    if run is None:
        return 0
    nonce = uuid4()
    reset = PasswordReset.objects.create(
        patron=patron, nonce=nonce, mark=links.mark_of(links.token_of(links.RESET, nonce)), expires_at=until
    )
    return planning.plan_mail(run, Kind.RESET, patron.pk, f"reset:{reset.pk}")


@transaction.atomic
def use_reset(actor: Actor, token: str, new: str, now: datetime | None = None) -> Patron:
    """The reader behind a link, with a new password. LinkOver for a link that is used or over; ValidationError for a
    weak password, and then the link stays good. With it every other link of the reader is over.

    `actor` is the anonymous one: what it changes is logged as the reader's own act.
    """
    now = now or timezone.now()
    found = queries.reset_of(token, now)
    if found is None:
        raise LinkOver
    patron = Patron.objects.select_for_update(of=("self",)).select_related("category", "branch").get(pk=found.patron_id)
    if not PasswordReset.objects.filter(pk=found.pk, used_at=None, expires_at__gt=now).update(used_at=now):
        raise LinkOver
    if patron_queries.refusal(patron, "web", timezone.localdate(now)):
        raise LinkOver
    PasswordReset.objects.filter(patron=patron, used_at=None).update(used_at=now)
    themself = Actor("patron", str(patron.pk), terminal=actor.terminal, request_id=actor.request_id)
    patrons.choose_password(themself, patron, new)
    return patron
