"""`./kura docs`: the documents of a delivery, in Word and Excel, from inventory, code, tests and records."""

from __future__ import annotations

import argparse
import json
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cli import docfacts
from cli.context import Context, Refused
from monitoring.documents import delivery

OUT = Path("results/documents")
SCREENSHOTS = Path("results/screenshots")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "--out", type=Path, default=Path("results/documents"), help="folder (default: results/documents)"
    )
    parser.add_argument("--only", default="", metavar="NUMBER", help="one document alone, as DSN-001")
    parser.add_argument("--issued", type=date.fromisoformat, metavar="YYYY-MM-DD", help="day of issue (default: today)")
    parser.add_argument("--edition", default="第1版", help="edition on the covers (default: 第1版)")
    parser.add_argument(
        "--since", type=Path, metavar="FILE", help="manifest.json of the last delivery, to say what changed"
    )
    parser.add_argument(
        "--screenshots",
        type=Path,
        metavar="DIR",
        help="PNG files named after the manual's pages (default: what the browser tests left)",
    )
    parser.add_argument("--look-up", action="store_true", help="ask the package index for newer versions first")
    parser.add_argument("--verify", action="store_true", help="write nothing; check the folder against its checksums")


def main(context: Context) -> int:
    """Write the documents; Refused when an argument is no good, exit 1 when --verify finds a difference."""
    given, progress = context.arguments, context.progress
    if given.verify:
        return verify(given.out)
    today = datetime.now(ZoneInfo(context.site.organisation.timezone)).date()
    last = _last(given.since or given.out / delivery.MANIFEST, named=given.since is not None)
    if given.look_up:
        with progress.step("newer versions"):
            docfacts.look_up(context, today)
    with progress.step("facts"):
        facts = docfacts.gather(context, given.issued or today, given.edition, pictures(context, given.screenshots))
    with progress.step("documents"):
        try:
            files = delivery.write(facts, given.out, last, progress, given.only)
        except ValueError as error:
            raise Refused(str(error)) from None
    print(f"{len(files)} files in {given.out}")
    return 0


def pictures(context: Context, named: Path | None) -> Path | None:
    """The folder of screenshots: the named one, Refused when it is not there, or what the browser tests left."""
    if named is not None and not named.is_dir():
        raise Refused(f"{named}: there is no such folder")
    left = context.root / SCREENSHOTS
    return named or (left if left.is_dir() else None)


def verify(folder: Path) -> int:
    """Check a delivery against its list; every wrong, missing or unknown file is named."""
    if not (folder / delivery.SUMS).exists():
        raise Refused(f"{folder}: no delivery here ({delivery.SUMS} is missing)")
    wrong = delivery.verify(folder)
    for name in wrong:
        print(f"differs from the list: {name}")
    print("every file is as listed" if not wrong else f"{len(wrong)} files differ")
    return 1 if wrong else 0


def _last(path: Path, *, named: bool) -> dict[str, object] | None:
    """The last delivery's manifest; Refused when one was named and is not there or not readable."""
    if not path.exists():
        if named:
            raise Refused(f"{path}: there is no such manifest")
        return None
    try:
        found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
        _ = found["parts"], found["issued"], found["edition"]
    except (ValueError, KeyError):
        raise Refused(f"{path}: not the manifest of a delivery") from None
    return found
