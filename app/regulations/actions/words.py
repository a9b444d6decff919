"""Writes to the library's own sentences."""

from django.core.exceptions import ValidationError
from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import declare
from app.audit import actions as audit
from app.branches.models import Wording
from app.web.wording import names_in, sentences

WORDS = declare("regulations.words", "画面や印刷物の文言を変える", roles=())


@transaction.atomic
def put_wording(actor: Actor, code: str, text: str) -> None:
    """Say a sentence in the library's own words from now on; an empty text, or the default, gives the default back.

    ValidationError for an unknown code and for braces that ask for what the sentence does not know.
    """
    access.require(actor, WORDS)
    sentence = sentences().get(code)
    if sentence is None:
        raise ValidationError("この文言はこの版にありません。")
    text = text.strip()
    try:
        unknown = names_in(text) - sentence.values
    except ValueError as error:
        raise ValidationError("波括弧 { } の対応が合いません。") from error
    if unknown:
        known = "、".join(f"{{{name}}}" for name in sorted(sentence.values)) or "なし"
        raise ValidationError(f"使えない差し込み {{{min(unknown)}}} があります（使えるもの: {known}）。")
    there = Wording.objects.select_for_update().filter(code=code).first()
    before = there.text if there else sentence.default
    after = text or sentence.default
    if before == after:
        return
    if after == sentence.default:
        Wording.objects.filter(code=code).delete()
    else:
        Wording.objects.update_or_create(code=code, defaults={"text": after})
    audit.record(actor, WORDS, subject_type="wording", subject_id=code[:60], detail={"before": before, "after": after})
