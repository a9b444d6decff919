"""What the public pages share: how long an answer may be kept by others, and what crawlers are told."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from app.terminals.models import Terminal
from app.web.doors import door_of

# Long enough to take a crawler's or a class's repeated requests off the database, short enough that a loan at the
# counter shows within seconds (F-OPA-007).
CACHE_SECONDS = 2
CACHE_CONTROL = f"public, max-age={CACHE_SECONDS}"


def cached(response: HttpResponse) -> HttpResponse:
    """Let anybody in between keep this answer for a moment. Only for what is the same for every reader."""
    response["Cache-Control"] = CACHE_CONTROL
    return response


def eyes_of(request: HttpRequest) -> str:
    """Whose eyes a page is for: "inside" at a search terminal that the library has registered, else "public".

    Only through the door of search terminals, whose pages nobody keeps: what others may keep is the same for all. One
    SQL statement there, else none.
    """
    return "inside" if terminal_of(request) is not None else "public"


def terminal_of(request: HttpRequest) -> Terminal | None:
    """The registered terminal that a page of the search terminals' door is shown on. One SQL statement, then none."""
    if not door_of(request).kiosk or not request.terminal:
        return None
    if not hasattr(request, "kiosk_terminal"):
        request.kiosk_terminal = Terminal.objects.select_related("branch").filter(address=request.terminal).first()
    found: Terminal | None = request.kiosk_terminal
    return found


@require_GET
def robots(request: HttpRequest) -> HttpResponse:
    """Crawlers may index records; endless result pages and My Page are not for them."""
    closed = ("/my/", "/*/my/", "/kiosk/", "/suggest", "/*/suggest", "/*?")
    text = "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in closed)
    text += "Allow: /records/\nCrawl-delay: 1\n"
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "public, max-age=86400"
    return response
