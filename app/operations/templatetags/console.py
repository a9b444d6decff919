"""What the console's pages share: the menu, and choices read as words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse

from app.operations import menu, panels

register = template.Library()


@dataclass(frozen=True)
class Link:
    """One page of the menu."""

    title: str
    url: str
    here: bool


@dataclass(frozen=True)
class Section:
    """One section: leads to its first page."""

    title: str
    url: str
    open: bool
    entries: list[Link]


@register.simple_tag(takes_context=True)
def console_menu(context: dict[str, Any]) -> list[Section]:
    """The menu as this person sees it on this page (`here` of the context). No SQL."""
    request = context.get("request")
    actor = getattr(request, "actor", None)
    boards = [(board["id"], board["title"]) for board in panels.dashboards()[1:]]
    here = context.get("here", "")
    found = []
    for title, entries in menu.entries(boards, actor.role if actor else None):
        links = [Link(entry.title, reverse(entry.url, args=entry.arguments), entry.key == here) for entry in entries]
        found.append(Section(title, links[0].url, any(link.here for link in links), links))
    return found
