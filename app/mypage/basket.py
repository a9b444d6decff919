"""The basket: record numbers in a cookie that is there only while something lies in it.

So whoever merely looks around has no cookie and no session, and whoever collects titles before signing in loses
nothing by it. The cookie says no more than what its browser was asked to remember; what is odd in it is ignored.
"""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "kura_basket"
MOST = 30
_LONGEST_NUMBER = 12


def numbers_in(values: Iterable[str]) -> list[int]:
    """The record numbers among these texts, each once, in their order, at most thirty."""
    found = [int(text) for text in values if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER]
    return list(dict.fromkeys(number for number in found if number))[:MOST]


def read(request: HttpRequest) -> list[int]:
    """What lies in the basket."""
    return numbers_in(request.COOKIES.get(COOKIE, "").split("."))


def put(response: HttpResponse, records: Iterable[int]) -> None:
    """Leave this in the basket; nothing left takes the cookie away. The page's script reads how many there are."""
    text = ".".join(str(record) for record in records)
    if text:
        response.set_cookie(COOKIE, text, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax")
    else:
        response.delete_cookie(COOKIE, samesite="Lax")


def same_site(request: HttpRequest) -> bool:
    """Whether the form stood on a page of ours, as far as the browser says. Adding to the basket needs no token, which
    would need a cookie on every page; nothing but this cookie is changed by it."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin", "")
    return not origin or origin.rpartition("/")[2] == request.get_host()
