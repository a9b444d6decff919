"""A form that is sent twice is done once, whichever form it is.

Every page is rendered with a form token of its own, so the same token with the same fields is the same press: a
double click, a reload, a step back. The session keeps what the last presses led to; the second one is led there
too, without the view. Presses of one session that are the same wait for each other. A press that was refused (no
redirection, or one with a warning) is not kept: it may be sent again. Scripts see to themselves.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.contrib.sessions.backends.base import UpdateError
from django.db import Error, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable

from app.web import views
from app.web.tokens import seal, unseal

KEPT = 20
KEPT_SECONDS = 60 * 60
PRESSES = "presses"
PURPOSE = "press"


def press_of(request: HttpRequest) -> str:
    """What names this press; empty for what is none: no posted form, sent by a script, or nobody's session."""
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    script = mode != "navigate" or request.headers.get("Accept", "").startswith("application/json")
    if request.method != "POST" or script or not request.session.session_key:
        return ""
    try:
        sent = sorted(request.POST.lists())
    except UnreadablePostError:
        return ""
    if not request.POST.get("csrfmiddlewaretoken"):
        return ""
    files = [(name, file.name, file.size) for name, listed in request.FILES.lists() for file in listed]
    said = repr((request.session.session_key, request.get_full_path(), sent, files))
    return hashlib.sha256(said.encode()).hexdigest()


@contextmanager
def _one_at_a_time(press: str) -> Iterator[None]:
    """The same press waits here until the first is through. OperationalError when that takes too long."""
    number = int.from_bytes(bytes.fromhex(press[:16]), signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [number])
    try:
        yield
    finally:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
        except Error:  # the connection is gone, and the lock with it
            connection.close()


class PressedOnce:
    """The innermost middleware: a session is there, and is not yet written."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        press = press_of(request)
        if not press:
            return self.get_response(request)
        try:
            with _one_at_a_time(press):
                return self._once(request, press)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            return views.still_working(request)

    def _once(self, request: HttpRequest, press: str) -> HttpResponse:
        led_to = unseal(dict(request.session.get(PRESSES, [])).get(press, ""), PURPOSE, KEPT_SECONDS)
        if led_to:
            messages.info(request, _("同じ操作はすでに受け付けています。二重の送信は取り消しました。"))
            return HttpResponseRedirect(led_to)
        session = request.session.session_key
        response = self.get_response(request)
        if response.status_code in (302, 303) and _went_well(request) and request.session.session_key == session:
            kept = [*request.session.get(PRESSES, []), (press, seal(response["Location"], PURPOSE))]
            request.session[PRESSES] = kept[-KEPT:]
            try:
                request.session.save(must_create=False)
            except UpdateError:  # signed out elsewhere meanwhile
                request.session.modified = False
        return response


def _went_well(request: HttpRequest) -> bool:
    """Whether the view told of no refusal."""
    told = getattr(messages.get_messages(request), "_queued_messages", [])
    return all(message.level < messages.WARNING for message in told)
