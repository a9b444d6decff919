"""What the application consists of, read from the running code: screens, routes, menu, tables, work by the clock.

A program of its own (`python -m cli.structure`), because it starts Django: one JSON object on standard output.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_EXTENDS = re.compile(r"{%\s*extends\s")
_HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
_TITLE = re.compile(r"{%\s*block title\s*%}(.*?){%\s*endblock", re.DOTALL)
_LEAD = re.compile(r'<p class="(?:faint|lead)">(.*?)</p>', re.DOTALL)
_LABEL = re.compile(r"<label[^>]*>(.*?)</label>", re.DOTALL)
_BUTTON = re.compile(r"<button[^>]*>(.*?)</button>", re.DOTALL)
_COLUMN = re.compile(r"<th[^>]*>(.*?)</th>", re.DOTALL)
_TAGS = re.compile(
    r"{%\s*(?:if|elif|else|endif|for|endfor|with|endwith|include|url|csrf_token|load|block|endblock|trans|translate|blocktrans|blocktranslate|endblocktrans|endblocktranslate|comment|endcomment|plural)\b.*?%}|{#.*?#}",
    re.DOTALL,
)
_TRANSLATED = re.compile(r'{%\s*(?:trans|translate)\s+"([^"]*)"[^%]*%}')
_VALUE = re.compile(r"{{.*?}}", re.DOTALL)
_MARKUP = re.compile(r"<kbd>.*?</kbd>|<[^>]+>", re.DOTALL)


def screens(folder: Path) -> Iterator[dict[str, Any]]:
    """Every template under `folder` that is a page of its own, with what stands on it in fixed words."""
    for path in sorted(folder.glob("*/templates/**/*.html")):
        text = path.read_text(encoding="utf-8")
        heading = _HEADING.search(text)
        if heading is None or not (_EXTENDS.search(text) or "<html" in text):
            continue
        said = _TITLE.search(text)
        title = words(heading[1])
        if said and "…" in title:
            title = min((title, words(said[1])), key=lambda one: (one.count("…"), -len(one)))
        yield {
            "area": path.relative_to(folder).parts[0],
            "template": path.relative_to(folder).as_posix(),
            "title": title,
            "lead": " ".join(filter(None, (words(found) for found in _LEAD.findall(text)[:2]))),
            "fields": distinct(_LABEL.findall(text)),
            "buttons": distinct(_BUTTON.findall(text)),
            "columns": distinct(_COLUMN.findall(text)),
        }


def words(html: str) -> str:
    """The fixed words of a piece of template; what a variable fills in is …."""
    text = _TRANSLATED.sub(r"\1", html)
    text = _VALUE.sub("…", _TAGS.sub("", text))
    return re.sub(r"\s+", " ", _MARKUP.sub("", text)).strip()


def distinct(found: list[str]) -> list[str]:
    """Words without repetition, in order, without those that are only a variable."""
    return [text for text in dict.fromkeys(words(one) for one in found) if text.strip("… ")]


def routes(patterns: Any, prefix: str = "") -> Iterator[dict[str, str]]:
    """Every address of a URL configuration: path, name and what the view says of itself."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, path)
        else:
            view = pattern.callback
            area = view.__module__.split(".")[1] if view.__module__.startswith("app.") else view.__module__
            yield {"path": f"/{path}", "name": pattern.name or "", "area": area}


def tables(apps: Any) -> Iterator[dict[str, Any]]:
    """Every table of the application's own models with its columns."""
    for model in apps.get_models():
        meta = model._meta
        if not meta.managed or meta.proxy:
            continue
        fields = [
            {
                "name": field.column,
                "title": str(field.verbose_name),
                "type": field.get_internal_type(),
                "null": bool(field.null),
                "key": "主" if field.primary_key else ("外" if field.is_relation else ("一意" if field.unique else "")),
            }
            for field in meta.local_concrete_fields
        ]
        yield {"table": meta.db_table, "title": str(meta.verbose_name), "area": meta.app_label, "fields": fields}


def structure() -> dict[str, Any]:
    """Everything of the site that DJANGO_SETTINGS_MODULE names."""
    import django

    django.setup()
    from django.apps import apps
    from django.conf import settings
    from django.urls import get_resolver

    found: dict[str, Any] = {
        "areas": [{"id": one.name.split(".")[1], "title": str(one.verbose_name)} for one in apps.get_app_configs()
                  if one.name.startswith("app.")],
        "routes": list(routes(get_resolver().url_patterns)),
        "tables": sorted(tables(apps), key=lambda one: one["table"]),
    }  # fmt: skip
    if "app.access" in settings.INSTALLED_APPS:
        from app.access.menu import pages
        from app.access.operations import declared
        from app.jobs.registry import jobs

        found["menu"] = [
            {"name": page.name, "title": page.title, "group": page.group, "text": page.text, "key": page.key,
             "operation": page.operation.code}
            for page in pages()
        ]  # fmt: skip
        found["operations"] = [{"code": one.code, "title": one.title} for one in declared()]
        found["jobs"] = [{"code": one.code, "title": one.title, "at": str(one.every)} for one in jobs()]
    return found


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "app.settings.test")
    made = structure()
    made["screens"] = list(screens(ROOT / "app"))
    json.dump(made, sys.stdout, ensure_ascii=False)
