"""What the night takes away."""

from datetime import datetime

from django.db import transaction

from app.mypage.actions.resetting import KEPT
from app.mypage.models import (
    FamilyShare,
    Favourite,
    MailChange,
    PasswordReset,
    Reading,
    ResetAsk,
    SeatBooking,
    Watch,
)


@transaction.atomic
def forget(now: datetime) -> int:
    """Delete links and questions that are over, hours that have passed, and everything that somebody kept who has left
    the library since; returns the rows. Nine SQL statements or so."""
    over = ResetAsk.objects.filter(asked_at__lt=now - KEPT).delete()[0]
    over += PasswordReset.objects.filter(expires_at__lt=now).delete()[0]
    over += MailChange.objects.filter(expires_at__lt=now).delete()[0]
    over += SeatBooking.objects.filter(starts_at__lt=now - KEPT).delete()[0]
    for model in (Reading, Favourite, Watch, FamilyShare, MailChange, PasswordReset):
        over += model.objects.filter(patron__withdrawn_on__isnull=False).delete()[0]
    return over
