"""The manual: pages that come with a release, and the library's own revisions of them."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.office.actions import REVISE_MANUALS
from app.office.models import ManualRevision

FOLDER = Path("docs/manual")


@transaction.atomic
def revise(actor: Actor, slug: str, *, title: str, body: str, note: str, today: date) -> ManualRevision:
    """Put a new version of a page in force, on every terminal at its next opening. NotPermitted."""
    access.require(actor, REVISE_MANUALS)
    newest = ManualRevision.objects.select_for_update().filter(slug=slug).first()
    made = ManualRevision.objects.create(
        slug=slug,
        version=newest.version + 1 if newest else 1,
        title=title,
        body=body,
        note=note,
        revised_on=today,
        by=actor.number,
    )
    audit.record(actor, REVISE_MANUALS, subject_type="manual", subject_id=slug, detail={"version": made.version})
    return made


@transaction.atomic
def seed_manuals(folder: Path, today: date) -> int:
    """Bring the pages that come with the release into the manual; returns how many were new.

    A page that the library revised itself is left alone; one that changed with the release gets a further version.
    The first line is `# title`.
    """
    made = 0
    for path in sorted(folder.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        newest = ManualRevision.objects.select_for_update().filter(slug=path.stem).first()
        if newest and (newest.source == digest or newest.by):
            continue
        heading, _, body = text.partition("\n")
        ManualRevision.objects.create(
            slug=path.stem,
            version=newest.version + 1 if newest else 1,
            title=heading.removeprefix("# ").strip(),
            body=body.strip(),
            note="製品に付属の版",
            revised_on=today,
            source=digest,
        )
        made += 1
    return made


def after_migrate(sender: Any, using: str, **_: Any) -> None:
    """`post_migrate`: a release brings its pages with it."""
    from django.utils import timezone

    if using == "default":
        seed_manuals(settings.BASE_DIR / FOLDER, timezone.localdate())
