"""Keep the translations of the public pages: `texts` says what is missing, `texts --update [FILE.tsv …]` writes them.

A table has lines of the Japanese sentence, English, Chinese, Korean and, where children need other words, plain
Japanese, separated by tabs. Sentences that no page says any more are dropped. Needs babel, as the tests do.
"""

import csv
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from app.opac.texts import FOLDERS, LOCALE, sentences


class Command(BaseCommand):
    help = "公開ページの文の翻訳を調べ、更新する"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--update", action="store_true")
        parser.add_argument("tables", nargs="*", type=Path)

    def handle(self, *, update: bool, tables: list[Path], **_: Any) -> None:
        said = sentences()
        known = {language: _read(language) for language in FOLDERS}
        for table in tables:
            for line in _lines(table):
                for language, text in zip(FOLDERS, line[1:], strict=False):
                    if text.strip():
                        known[language][line[0]] = text.strip()
        missing = 0
        for language, texts in known.items():
            if update:
                _write(language, {text: texts.get(text, "") for text in said}, said)
            if language != "ja-kids":
                for text in sorted(set(said) - {text for text, there in texts.items() if there}):
                    missing += 1
                    self.stdout.write(f"{language}\t{said[text]}\t{text}")
        if missing and not update:
            raise CommandError(f"{missing}件の訳がありません")


def _lines(table: Path) -> list[list[str]]:
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [[cell.replace("\\n", "\n") for cell in row] for row in rows if len(row) > 1]


def _file(language: str, suffix: str) -> Path:
    return LOCALE / FOLDERS[language] / "LC_MESSAGES" / f"django.{suffix}"


def _read(language: str) -> dict[str, str]:
    from babel.messages.pofile import read_po

    path = _file(language, "po")
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {message.id: message.string for message in read_po(file) if message.id and message.string}


def _write(language: str, texts: dict[str, str], places: dict[str, str]) -> None:
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import write_po

    # No clock: the files change when a sentence changes, and only then.
    then = datetime(2026, 1, 1, tzinfo=UTC)
    catalog = Catalog(project="Kura", version="1", creation_date=then, revision_date=then, charset="utf-8")
    for text in sorted(texts, key=lambda text: (places[text], text)):
        if texts[text] or language != "ja-kids":
            catalog.add(text, texts[text], locations=[(places[text], 0)])
    _file(language, "po").parent.mkdir(parents=True, exist_ok=True)
    with _file(language, "po").open("wb") as file:
        write_po(file, catalog, include_lineno=False, width=120)
    with _file(language, "mo").open("wb") as file:
        write_mo(file, catalog)
