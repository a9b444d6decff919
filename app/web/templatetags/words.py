"""`{% wording "area.what" "既定の文" %}`: a sentence that the library may say in its own words."""

from typing import Any

from django import template

from app.web.wording import wording

register = template.Library()
register.simple_tag(wording, name="wording")


@register.filter
def era(year: Any) -> str:
    """The era year of a Western year: 2023 becomes 令和5年; empty for anything else."""
    from app.web.dates import japanese_year

    return japanese_year(year) if isinstance(year, int) and 1868 <= year <= 9998 else ""
