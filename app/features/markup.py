"""What staff write for readers, as HTML: paragraphs, headings, lists, tables, links and emphasis; no HTML of theirs.

    ## 見出し          ### 小見出し
    - 箇条            1. 手順
    | 月 | 休館日 |    (a table; its first row is the heading)
    **強調**          [言葉](/calendar/)  [言葉](https://…)   https://… alone becomes a link too

Everything that is not one of these is text and is escaped. A link leads to http(s), mailto, tel or a path of this site.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

_STEP = re.compile(r"^\d{1,3}[.．]\s*")
_INLINE = re.compile(
    r"\*\*(?P<strong>[^*\n]+)\*\*"
    r"|\[(?P<words>[^\]\n]+)\]\((?P<to>[^()\s]+)\)"
    r"|(?P<bare>https?://[A-Za-z0-9\-._~:/?#@!$&*+,;=%]+[A-Za-z0-9/#=&%_~-])"
)
_ALLOWED = re.compile(r"^(https?://[^\s]+|mailto:[^\s@]+@[^\s@]+|tel:[0-9+-]+|/(?![/\\])[^\s\\]*|#[^\s]*)$")


def render(text: str) -> SafeString:
    """The HTML of a text. Headings begin at h2: the page's title is its h1."""
    return format_html_join("\n", "{}", ((part,) for part in _blocks(text)))


def plain(text: str, longest: int = 200) -> str:
    """The text without its marks, cut at so many characters: for feeds and descriptions."""
    words = _INLINE.sub(lambda found: found["strong"] or found["words"] or found["bare"], text)
    lines = [re.sub(r"^(#{2,3}\s*|-\s+|\|\s*)|\s*\|$", "", line.strip()) for line in words.splitlines()]
    joined = " ".join(line for line in lines if line)
    return joined if len(joined) <= longest else f"{joined[: longest - 1]}…"


def _blocks(text: str) -> Iterator[SafeString]:
    lines = [line.strip() for line in text.splitlines()]
    for kind, group in groupby(lines, key=_kind):
        if kind == "point":
            yield format_html("<ul>{}</ul>", _items(line[2:] for line in group))
        elif kind == "step":
            yield format_html("<ol>{}</ol>", _items(_STEP.sub("", line) for line in group))
        elif kind == "table":
            yield _table(list(group))
        elif kind == "text":
            yield format_html("<p>{}</p>", _lines(group))
        elif kind:
            for line in group:
                tag = mark_safe(kind)  # noqa: S308 - "h2" or "h3", from _kind
                yield format_html("<{}>{}</{}>", tag, inline(line.lstrip("#").strip()), tag)


def _kind(line: str) -> str:
    if not line:
        return ""
    if line.startswith("### "):
        return "h3"
    if line.startswith("## "):
        return "h2"
    if line.startswith("|") and line.endswith("|") and len(line) > 1:
        return "table"
    if line.startswith("- "):
        return "point"
    return "step" if _STEP.match(line) else "text"


def _items(lines: Iterable[str]) -> SafeString:
    return format_html_join("", "<li>{}</li>", ((inline(line),) for line in lines))


def _lines(lines: Iterable[str]) -> SafeString:
    return format_html_join(mark_safe("<br>"), "{}", ((inline(line),) for line in lines))


def _table(lines: list[str]) -> SafeString:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rows = [row for row in rows if not all(re.fullmatch(r":?-{2,}:?", cell) for cell in row)]
    if not rows:
        return mark_safe("")
    head = format_html_join("", '<th scope="col">{}</th>', ((inline(cell),) for cell in rows[0]))
    body = format_html_join(
        "",
        "<tr>{}</tr>",
        ((format_html_join("", "<td>{}</td>", ((inline(cell),) for cell in row)),) for row in rows[1:]),
    )
    return format_html(
        '<div class="scroll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>', head, body
    )


def inline(text: str) -> SafeString:
    """One line of text with its links and emphasis."""
    parts: list[str] = []
    end = 0
    for found in _INLINE.finditer(text):
        parts.append(escape(text[end : found.start()]))
        parts.append(_marked(found))
        end = found.end()
    parts.append(escape(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped


def _marked(found: re.Match[str]) -> str:
    if found["strong"]:
        return format_html("<strong>{}</strong>", found["strong"])
    words, to = found["words"] or found["bare"], found["to"] or found["bare"]
    if not _ALLOWED.match(to):
        return escape(found.group())
    return format_html('<a href="{}">{}</a>', to, words)
