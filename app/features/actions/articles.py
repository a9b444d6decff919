"""Notices and pages: one writes, another approves, the clock publishes and takes down."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.features.actions.operations import APPROVE, WRITE
from app.features.models import Article, ArticleVersion
from app.web import versions

State = ArticleVersion.State
EDITABLE = ("title", "body", "publish_at", "ends_at")
OPEN = (State.DRAFT, State.PROPOSED)


def values_of(version: ArticleVersion) -> dict[str, Any]:
    """What the edit page is made from."""
    return {name: getattr(version, name) for name in EDITABLE}


def _check(values: Mapping[str, Any]) -> None:
    if values["ends_at"] is not None and values["ends_at"] <= values["publish_at"]:
        raise ValidationError({"ends_at": "終了日時は公開日時より後にしてください。"})


@transaction.atomic
def begin(
    actor: Actor, kind: str, values: Mapping[str, Any], slug: str | None = None, branch: Branch | None = None
) -> ArticleVersion:
    """The first draft of a new notice or page. A page has an address (`slug`) that no other has. ValidationError."""
    access.require(actor, WRITE)
    _check(values)
    if kind == Article.Kind.PAGE:
        if not slug:
            raise ValidationError({"slug": "ページにはアドレスの名を入力してください。"})
        if Article.objects.filter(slug=slug).exists():
            raise ValidationError({"slug": "このアドレスの名は使われています。"})
    article = Article.objects.create(kind=kind, slug=slug if kind == Article.Kind.PAGE else None, branch=branch)
    return _new_version(actor, article, values)


def _new_version(actor: Actor, article: Article, values: Mapping[str, Any]) -> ArticleVersion:
    last = article.versions.aggregate(last=Max("number"))["last"] or 0
    made = ArticleVersion.objects.create(
        article=article,
        number=last + 1,
        written_by=actor.number,
        **{name: values[name] for name in EDITABLE},
    )
    audit.record(actor, WRITE, subject_type="article", subject_id=article.pk, detail={"version": made.number})
    return made


@transaction.atomic
def write(actor: Actor, article_id: int, values: Mapping[str, Any], seen: str, now: datetime) -> ArticleVersion:
    """Save the article's draft; an article without one gets a new version, and what readers see stays until that is
    approved. A text that waits for approval becomes a draft again. ValidationError; versions.Conflict."""
    access.require(actor, WRITE)
    article = Article.objects.select_for_update().get(pk=article_id)
    _check(values)
    newest = article.versions.first()
    if newest is None or newest.state not in OPEN:
        versions.check(seen, values_of(newest) if newest else {})
        return _new_version(actor, article, values)
    versions.check(seen, values_of(newest))
    for name in EDITABLE:
        setattr(newest, name, values[name])
    newest.state, newest.written_by, newest.written_at = State.DRAFT, actor.number, now
    newest.save()
    audit.record(actor, WRITE, subject_type="article", subject_id=article.pk, detail={"version": newest.number})
    return newest


def _open_version(version_id: int, *states: str) -> ArticleVersion:
    found = ArticleVersion.objects.filter(pk=version_id).values_list("article_id", flat=True).first()
    if found is None:
        raise ValidationError("この版はもうありません。")
    Article.objects.select_for_update().get(pk=found)
    version = ArticleVersion.objects.get(pk=version_id)
    if version.state not in states:
        raise ValidationError(f"この版は、いま「{version.get_state_display()}」です。画面を開き直してください。")
    return version


@transaction.atomic
def propose(actor: Actor, version_id: int) -> None:
    """Ask for approval. ValidationError unless it is a draft."""
    access.require(actor, WRITE)
    version = _open_version(version_id, State.DRAFT)
    version.state, version.remark = State.PROPOSED, ""
    version.save(update_fields=["state", "remark"])
    audit.record(
        actor, WRITE, subject_type="article", subject_id=version.article_id, detail={"proposed": version.number}
    )


@transaction.atomic
def approve(actor: Actor, version_id: int, seen: str, now: datetime) -> None:
    """Let readers see it from its time on. ValidationError for what the same person wrote, what does not wait for
    approval, and what is over already; versions.Conflict when it is not what the page showed."""
    access.require(actor, APPROVE)
    version = _open_version(version_id, State.PROPOSED)
    versions.check(seen, values_of(version))
    if version.written_by == actor.number:
        raise ValidationError("書いた本人は承認できません。ほかの承認者に頼んでください。")
    if version.ends_at is not None and version.ends_at <= now:
        raise ValidationError("終了日時を過ぎています。差し戻して、日時を直してください。")
    version.state, version.decided_by, version.decided_at = State.APPROVED, actor.number, now
    version.save(update_fields=["state", "decided_by", "decided_at"])
    audit.record(
        actor, APPROVE, subject_type="article", subject_id=version.article_id, detail={"approved": version.number}
    )


@transaction.atomic
def send_back(actor: Actor, version_id: int, remark: str) -> None:
    """Give it back to its writer with a reason. ValidationError unless it waits for approval."""
    access.require(actor, APPROVE)
    version = _open_version(version_id, State.PROPOSED)
    version.state, version.remark = State.DRAFT, remark
    version.save(update_fields=["state", "remark"])
    audit.record(
        actor, APPROVE, subject_type="article", subject_id=version.article_id, detail={"sent_back": version.number}
    )


@transaction.atomic
def withdraw(actor: Actor, article_id: int) -> None:
    """Take an article down at once: no version of it is shown until a new one is approved."""
    access.require(actor, APPROVE)
    Article.objects.select_for_update().get(pk=article_id)
    shown = ArticleVersion.objects.filter(article_id=article_id, state=State.APPROVED)
    if shown.update(state=State.WITHDRAWN):
        audit.record(actor, APPROVE, subject_type="article", subject_id=article_id, detail={"withdrawn": True})
