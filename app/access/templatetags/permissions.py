"""Buttons that somebody may not use are shown as such; the server refuses them all the same."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from app.access.operations import title_of
from app.access.rules import may

register = template.Library()


def _operations(context: Any) -> frozenset[str]:
    actor = getattr(context.get("request"), "actor", None)
    return actor.operations if actor else frozenset()


@register.simple_tag(takes_context=True)
def needs(context: Any, operation: str) -> SafeString | str:
    """Attributes of a button: none when the actor may, else `disabled` and the reason. `<button {% needs "…" %}>`."""
    if may(_operations(context), operation):
        return ""
    return format_html('disabled title="「{}」権限がありません"', title_of(operation))


@register.simple_tag(takes_context=True)
def may_do(context: Any, operation: str) -> bool:
    """Whether the actor may: `{% may_do "…" as allowed %}`, for what is left out altogether."""
    return may(_operations(context), operation)
