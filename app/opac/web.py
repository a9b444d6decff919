"""What the public pages share: how long an answer may be kept by others, and what crawlers are told."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

# Long enough to take a crawler's or a class's repeated requests off the database, short enough that a loan at the
# counter shows within seconds (F-OPA-007).
CACHE_SECONDS = 2
CACHE_CONTROL = f"public, max-age={CACHE_SECONDS}"


def cached(response: HttpResponse) -> HttpResponse:
    """Let anybody in between keep this answer for a moment. Only for what is the same for every reader."""
    response["Cache-Control"] = CACHE_CONTROL
    return response


@require_GET
def robots(request: HttpRequest) -> HttpResponse:
    """Crawlers may index records; endless result pages and My Page are not for them."""
    text = "User-agent: *\nDisallow: /my/\nDisallow: /suggest\nDisallow: /*?\nAllow: /records/\nCrawl-delay: 1\n"
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "public, max-age=86400"
    return response
