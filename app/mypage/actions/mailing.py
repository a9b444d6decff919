"""A mail address becomes the reader's only when a mail that was sent there came back as a click."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from app.access.actor import Actor
from app.audit import actions as audit
from app.mypage import links, queries
from app.mypage.actions.own import own
from app.mypage.models import MailChange
from app.notices.actions import planning
from app.notices.codes import Kind
from app.notices.jobs import ACTOR
from app.patrons import actions as patrons
from app.patrons.models import Patron

VALID = timedelta(hours=24)
# Between two mails to whatever addresses one reader types.
PAUSE = timedelta(minutes=1)


class MailRefused(Exception):
    """The address cannot be asked for now; the text is for the screen."""


@transaction.atomic
def ask_mail(actor: Actor, patron_id: int, address: str, now: datetime | None = None) -> MailChange:
    """Send the question to the new address; until it is answered the old one stays in use. A second address takes the
    place of the first. MailRefused for what is no address, is the reader's already, or comes too soon."""
    own(actor, patron_id)
    now = now or timezone.now()
    address = address.strip()
    try:
        validate_email(address)
    except ValidationError:
        raise MailRefused(gettext("メールアドレスの形式が正しくありません。")) from None
    patron = Patron.objects.select_for_update(of=("self",)).get(pk=patron_id)
    if patron.email == address:
        raise MailRefused(gettext("すでに登録されているメールアドレスです。"))
    before = MailChange.objects.filter(pk=patron_id).first()
    if before is not None and before.expires_at - VALID > now - PAUSE:
        raise MailRefused(gettext("確認のメールを送ったばかりです。1分ほどたってからお試しください。"))
    run = planning.plan(ACTOR, Kind.MAIL_CHECK, now)
    if run is None:
        raise MailRefused(gettext("いまはメールアドレスを変更できません。窓口でお尋ねください。"))
    nonce = uuid4()
    made, _ = MailChange.objects.update_or_create(
        patron_id=patron_id,
        defaults={
            "address": address,
            "nonce": nonce,
            "mark": links.mark_of(links.token_of(links.MAIL, nonce)),
            "expires_at": now + VALID,
        },
    )
    planning.plan_mail(run, Kind.MAIL_CHECK, patron_id, f"mail:{nonce.hex}")
    audit.record(actor, "mypage.ask_mail", subject_type="patron", subject_id=patron_id)
    return made


@transaction.atomic
def confirm_mail(actor: Actor, token: str, now: datetime | None = None) -> bool:
    """The owner of the address says that it is theirs: from now on it is in use. False for a link that is over.

    Whoever reads that mailbox needs no session; `actor` is the anonymous one.
    """
    found = queries.mail_change_of(token, now or timezone.now())
    if found is None or not MailChange.objects.filter(pk=found.pk, nonce=found.nonce).delete()[0]:
        return False
    themself = Actor("patron", str(found.pk), terminal=actor.terminal, request_id=actor.request_id)
    patrons.take_mail(themself, found.pk, found.address)
    return True


@transaction.atomic
def give_up_mail(actor: Actor, patron_id: int) -> None:
    """Think better of it: the link in the mail opens nothing any more."""
    own(actor, patron_id)
    if MailChange.objects.filter(pk=patron_id).delete()[0]:
        audit.record(actor, "mypage.give_up_mail", subject_type="patron", subject_id=patron_id)
