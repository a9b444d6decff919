"""Whose page it is."""

from django.core.exceptions import PermissionDenied

from app.access.actor import Actor


def own(actor: Actor, patron_id: int) -> None:
    """Return for the reader themself (and for jobs); PermissionDenied for everybody else, staff included."""
    if not actor.is_system and (actor.kind != "patron" or actor.number != str(patron_id)):
        raise PermissionDenied
