"""Who may do what in the console: three roles, one check. The auditor sees every record and changes none.

Actions take an `Actor` and begin with `require(actor, *WRITERS)` (or `ADMINISTRATOR`); records name people by the
sign-in name, so that they stay readable when an account is gone. `ConsoleRoles` puts the actor on the request as
`request.actor` and refuses every request that could change something before a view sees it, unless the role may write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse


class Role(StrEnum):
    """What an account is for. Stored as the name of the one Django group of the account."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    AUDITOR = "auditor"


TITLES = {Role.ADMINISTRATOR: "管理者", Role.OPERATOR: "運用担当", Role.AUDITOR: "監査"}
WRITERS = (Role.ADMINISTRATOR, Role.OPERATOR)
ADMINISTRATOR = (Role.ADMINISTRATOR,)
SAFE = ("GET", "HEAD", "OPTIONS")
# Where an account without the right to write may send a form: to come and to go.
OPEN_TO_ALL = ("/sign-in/", "/sign-out/")


@dataclass(frozen=True)
class Actor:
    """Somebody who acts: `name` as signed in. `role` None: signed in, but nobody said what for."""

    name: str
    role: Role | None

    @property
    def title(self) -> str:
        """The role in words."""
        return TITLES[self.role] if self.role else "役割なし"

    @property
    def writes(self) -> bool:
        """Whether the role may change records."""
        return self.role in WRITERS

    @property
    def administers(self) -> bool:
        """Whether the role may see logs, and accounts and roles changed."""
        return self.role == Role.ADMINISTRATOR


# What the appliance itself records: notifications, runs of playbooks.
MACHINE = Actor("（自動）", Role.OPERATOR)


def require(actor: Actor, *roles: Role) -> None:
    """Go on only when the actor has one of these roles; PermissionDenied otherwise."""
    if actor.role not in roles:
        raise PermissionDenied(f"{actor.name} ({actor.role or 'no role'}) may not; needs {', '.join(roles)}")


def actor_of(user: Any) -> Actor:
    """The actor of a signed-in user. One SQL statement."""
    names = {group.name for group in user.groups.all()}
    return Actor(user.get_username(), next((role for role in Role if role in names), None))


class ConsoleRoles:
    """Puts `request.actor` there, and lets only those who may write send anything but questions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        request.actor = actor_of(user) if user is not None and user.is_authenticated else None  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Refuse before the view: PermissionDenied (403)."""
        actor: Actor | None = request.actor  # type: ignore[attr-defined]
        if actor is None or request.path in OPEN_TO_ALL:
            return
        if actor.role is None:
            raise PermissionDenied(f"{actor.name} has no role")
        if request.method not in SAFE and not actor.writes:
            raise PermissionDenied(f"{actor.name} ({actor.role}) may not change anything")
