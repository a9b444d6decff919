"""The staff's first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from app.access import actions
from app.access.home import notes
from app.access.menu import groups_for
from app.access.web import staff_page


@staff_page(actions.HOME)
def home(request: HttpRequest) -> HttpResponse:
    """What this person should know, and the menu as tiles by group: only what the roles open."""
    context = {"groups": groups_for(request.actor.operations), "notes": notes(request.actor)}
    return render(request, "access/home.html", context)
