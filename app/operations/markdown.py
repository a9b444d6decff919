"""Runbooks as HTML: headings, lists, paragraphs, code and links; nothing else, everything escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

_INLINE = re.compile(r"`([^`]+)`|\[([^\]]+)\]\(([a-z-]+(?:#[A-Za-z]+)?)\)")
_STEP = re.compile(r"^\d+\.\s+")


def render(text: str) -> SafeString:
    """HTML of one runbook; `[words](other#Heading)` leads to another runbook beside it."""
    return format_html_join("\n", "{}", ((part,) for part in _blocks(text)))


def _blocks(text: str) -> Iterator[SafeString]:
    lines = [line.rstrip() for line in text.splitlines()]
    for kind, group in groupby(lines, key=_kind):
        if kind == "point":
            items = format_html_join("", "<li>{}</li>", ((_inline(line[2:]),) for line in group))
            yield format_html("<ul>{}</ul>", items)
            continue
        if kind == "step":
            items = format_html_join("", "<li>{}</li>", ((_inline(_STEP.sub("", line)),) for line in group))
            yield format_html("<ol>{}</ol>", items)
            continue
        for line in group:
            if line.startswith("## "):
                yield format_html('<h2 id="{}">{}</h2>', line[3:], line[3:])
            elif line.startswith("# "):
                yield format_html("<h1>{}</h1>", line[2:])
            elif line:
                yield format_html("<p>{}</p>", _inline(line))


def _kind(line: str) -> str:
    return "step" if _STEP.match(line) else "point" if line.startswith("- ") else ""


def _inline(text: str) -> SafeString:
    parts: list[str] = []
    end = 0
    for match in _INLINE.finditer(text):
        parts.append(escape(text[end : match.start()]))
        code, words, target = match.groups()
        if code:
            parts.append(format_html("<code>{}</code>", code))
        else:
            name, _, heading = target.partition("#")
            parts.append(format_html('<a href="../{}/{}">{}</a>', name, f"#{heading}" if heading else "", words))
        end = match.end()
    parts.append(escape(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped above
