"""Who asks, from where, for which site; and the headers every answer carries."""

import re
import time
import uuid
from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.deprecation import MiddlewareMixin

from app.web import pages
from app.web.doors import door_of

Respond = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
SEEN_EVERY_SECONDS = 60


def staff_realm(request: HttpRequest) -> bool:
    """Whether the path belongs to the staff: its session is the staff one."""
    prefixes = getattr(settings, "STAFF_PREFIXES", None)
    return prefixes is None or request.path.startswith(prefixes)


class SiteOfHost:
    """The public host serves public pages only, even if the proxy in front is mistaken."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        self.strict = getattr(settings, "STRICT_HOSTS", False)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        label = request.get_host().split(":")[0].split(".")[0]
        if label == "staff":
            if request.path == "/":
                return HttpResponseRedirect("/staff/")
        elif label == "opac" or self.strict:
            request.urlconf = settings.PUBLIC_URLCONF
        return self.get_response(request)


class RequestIdentity:
    """Gives the request its id and the terminal's address, both for the audit log, and the answer the page's name for
    nginx's log.

    Behind nginx the peer is a unix socket, so REMOTE_ADDR is empty and the last entry of X-Forwarded-For, which
    nginx itself writes, names the terminal. A peer that comes over TCP is believed by its own address only.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        proxied = not request.META.get("REMOTE_ADDR")
        given = request.headers.get("X-Request-ID", "") if proxied else ""
        request.id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        peer = request.headers.get("X-Forwarded-For", "") if proxied else request.META["REMOTE_ADDR"]
        request.terminal = _address(peer.rpartition(",")[2])
        response = self.get_response(request)
        response["X-Request-ID"] = request.id
        response[pages.HEADER] = pages.page_of(request)
        return response


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return None


class SecurityHeaders:
    """Content-Security-Policy and Permissions-Policy on every answer; personal pages are never cached."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        self.policy = "; ".join(f"{key} {value}" for key, value in settings.CONTENT_SECURITY_POLICY.items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", self.policy)
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
        response.setdefault("X-Frame-Options", "DENY")
        response.setdefault("X-Content-Type-Options", "nosniff")
        if staff_realm(request) or request.path_info.startswith("/my/"):
            response.setdefault("Cache-Control", "no-store")
        return response


def _patron_idle(request: HttpRequest) -> int:
    """How long a reader's session lives without use: shorter where the next reader stands behind."""
    return settings.KIOSK_IDLE_SECONDS if door_of(request).kiosk else settings.PATRON_IDLE_SECONDS


class RealmSessions(SessionMiddleware, MiddlewareMixin):
    """Separate session cookies for staff and patrons, and an idle limit kept by the server.

    A session read on a public page can therefore never contain a signed-in member of staff, nor the other
    way round. The last use is written at most once a minute, so a scan at the counter costs no update.
    """

    def process_request(self, request: HttpRequest) -> None:
        if not staff_realm(request):
            value = request.COOKIES.get(settings.PATRON_SESSION_COOKIE_NAME)
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
            if value:
                request.COOKIES[settings.SESSION_COOKIE_NAME] = value
        super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        staff = staff_realm(request)
        session = request.session
        if session.accessed and not session.is_empty():
            now = int(time.time())
            if now - session.get("seen", 0) >= SEEN_EVERY_SECONDS:
                session["seen"] = now
                session.set_expiry(settings.STAFF_IDLE_SECONDS if staff else _patron_idle(request))
        response = super().process_response(request, response)
        if not staff and settings.SESSION_COOKIE_NAME in response.cookies:
            morsel = response.cookies.pop(settings.SESSION_COOKIE_NAME)
            morsel.set(settings.PATRON_SESSION_COOKIE_NAME, morsel.value, morsel.coded_value)
            response.cookies[settings.PATRON_SESSION_COOKIE_NAME] = morsel
        return response
