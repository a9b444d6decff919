"""What other areas' pages show of notices."""

from typing import Any

from django import template

from app.notices import queries

register = template.Library()


@register.inclusion_tag("notices/history.html")
def notice_history(patron_id: int, most: int = 10) -> dict[str, Any]:
    """The latest notices to a patron: kind, stage, day, means, result, by whom. Two SQL statements."""
    return {"history": queries.history_of(patron_id, most)}
