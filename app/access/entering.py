"""The session between a right password and the menu, and while its screen is hidden.

`entering` holds who is on the way in; nothing but the pages of signing in looks at it. `full_at` is when somebody last
signed in fully in this session; `locked` that its screen is hidden.
"""

import time
from dataclasses import dataclass

from django.contrib.auth import login
from django.http import HttpRequest
from django.utils import timezone

from app.access import queries, rules
from app.access.actions.signing import enter_staff, working
from app.access.actor import Actor
from app.access.models import SecondFactor, StaffUser
from app.access.timeouts import lock_minutes

KEY = "entering"
GIVES_UP_AFTER = 600  # seconds
SEEN_IS_LATE = 60  # the last use is written at most once a minute


@dataclass(frozen=True)
class Entering:
    """Who is on the way in, where to, and what still stands between."""

    user: StaffUser
    target: str
    step: str


def begin(request: HttpRequest, user: StaffUser, target: str) -> None:
    """Remember that somebody's password was right, in a session that is new."""
    request.session.flush()
    request.session[KEY] = {"pk": user.pk, "at": int(time.time()), "second": False, "next": target}


def current(request: HttpRequest) -> Entering | None:
    """Who is on the way in, or None: nobody, or it took too long. Four SQL statements."""
    held = request.session.get(KEY)
    if not held or time.time() - held["at"] > GIVES_UP_AFTER:
        return None
    user = StaffUser.objects.select_related("branch").filter(pk=held["pk"]).first()
    if user is None or not working(user):
        return None
    policy = queries.policy()
    old = rules.password_is_old(user.password_set_at, timezone.now(), policy.max_age_days)
    step = rules.next_step(
        second_needed=queries.needs_second_factor(user),
        enrolled=SecondFactor.objects.filter(staff=user, confirmed_at__isnull=False).exists(),
        second_passed=held["second"],
        change_needed=user.must_change or old,
    )
    return Entering(user, held["next"], step)


def passed_second(request: HttpRequest) -> None:
    """The second factor was right."""
    request.session[KEY] = {**request.session[KEY], "second": True}


def finish(request: HttpRequest, who: Entering, actor: Actor) -> None:
    """The session is somebody's now; logged."""
    request.session.pop(KEY, None)
    login(request, who.user)
    request.session["full_at"] = int(time.time())
    enter_staff(who.user, actor)


def change_operator(request: HttpRequest, user: StaffUser) -> None:
    """The session is another's now; how long ago somebody signed in fully stays what it was."""
    full_at = request.session.get("full_at")
    login(request, user)
    request.session["full_at"] = full_at
    request.session.pop("locked", None)


def is_locked(request: HttpRequest) -> bool:
    """Whether the screen of this session is hidden: somebody hid it, or nobody worked for the terminal's time."""
    session = request.session
    if session.get("locked"):
        return True
    idle = time.time() - session.get("seen", time.time())
    # No terminal hides itself before a minute is over: while somebody works nothing more is asked of the database.
    if idle > 60 + SEEN_IS_LATE and idle > lock_minutes(request) * 60 + SEEN_IS_LATE:
        session["locked"] = True
        return True
    return False
