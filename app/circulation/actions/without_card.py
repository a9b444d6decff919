"""Somebody came without their card: three things that the register knows must agree."""

from datetime import date

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.circulation.actions.operations import WITHOUT_CARD
from app.patrons import queries as register
from app.patrons.models import Patron
from app.patrons.rules import kana_key


class NotIdentified(Exception):
    """The three do not belong to exactly one patron, or one of them is missing. The text is for the screen."""


def identify(actor: Actor, kana: str, birth_date: date | None, phone: str) -> Patron:
    """The one patron whose reading, birth date and phone are all these; NotIdentified otherwise.

    Found or not, the attempt is recorded (never what was typed). Loans that follow say `without_card`, so that the
    day's report counts them.
    """
    access.require(actor, WITHOUT_CARD)
    if not (kana.strip() and birth_date and phone.strip()):
        raise NotIdentified("カナ氏名・生年月日・電話番号の3つを入力してください。")
    # The register finds beginnings of a reading; here it must be the whole.
    alike = register.shown(register.search(kana=kana, birth_date=birth_date, phone=phone).ids)
    found = [patron for patron in alike if kana_key(patron.kana) == kana_key(kana)]
    if len(found) != 1:
        audit.record(actor, WITHOUT_CARD, outcome="refused", subject_type="patron")
        raise NotIdentified("3つの項目が一致する利用者が1人に決まりません。入力を確かめてください。")
    patron = found[0]
    audit.record(
        actor, WITHOUT_CARD, outcome="viewed", subject_type="patron", subject_id=patron.pk, purpose="利用券忘れ"
    )
    return patron
