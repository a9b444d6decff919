"""Search terminals: the end of a reader's time at one. The door makes the rest of it (app/web/doors.py)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from app.mypage import basket
from app.opac.looks import COOKIE
from app.opac.views_my import actor_of
from app.patrons import actions as patrons
from app.patrons.web import close_session, current_patron
from app.web.doors import Door, door_of


@csrf_exempt  # it only ever ends things, and must work however long the page has stood there
@never_cache
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """Forget the reader: session, look, language, basket. The next page is the first one, in Japanese."""
    if not door_of(request).kiosk:
        raise Http404
    patron = current_patron(request)
    if patron is not None:
        patrons.sign_out(actor_of(request, patron))
    close_session(request)
    response = HttpResponse(status=303, headers={"Location": f"{Door(kiosk=True).prefix}/"})
    response.delete_cookie(COOKIE, samesite="Lax")
    basket.put(response, [])
    return response
