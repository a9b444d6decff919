"""Reads about staff and permissions."""

from django.utils import timezone

from app.access.models import FailedSignIn, RoleGrant, StaffUser
from app.access.rules import LOCK_OUT, locked_out


def operations_of(user: StaffUser) -> frozenset[str]:
    """The codes of all operations of the user's roles. One SQL statement."""
    return frozenset(RoleGrant.objects.filter(role__staffuser=user).values_list("operation", flat=True))


def is_locked_out(realm: str, subject: str, address: str | None) -> bool:
    """Whether sign-in of this identifier, or from this address, is refused now. Two SQL statements."""
    now = timezone.now()
    recent = FailedSignIn.objects.filter(at__gt=now - LOCK_OUT)
    misses = recent.filter(realm=realm, subject=subject).values_list("at", flat=True)
    from_address = recent.filter(address=address).count() if address else 0
    return locked_out(misses, from_address, now)
