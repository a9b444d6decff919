"""The demonstration library loads through the real actions, completely, and once."""

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from app.access.models import StaffUser
from app.audit.models import AuditEvent
from app.catalog import rules
from app.catalog.models import BibliographicRecord, Item, SearchDocument
from app.catalog.search import Query, search
from app.circulation.models import Loan
from app.demo.library import card_number, works
from app.holds.models import Hold
from app.patrons.models import Patron
from app.patrons.rules import card_problem, number_is_sound

KATAKANA = re.compile(r"^[ァ-ヺーA-Za-z0-9 ]+$")


def test_the_works_are_facts_in_good_order() -> None:
    rows = list(works())
    assert len(rows) >= 300
    assert max(Counter((row["title"], row["creators"]) for row in rows).values()) == 1
    for row in rows:
        assert KATAKANA.match(row["reading"]), row["title"]
        assert all(KATAKANA.match(text) for text in row["creator_readings"].split("|")), row["title"]
        assert row["creators"].count("|") == row["creator_readings"].count("|"), row["title"]
        assert rules.is_ndc(row["ndc"]), row["title"]
        assert 1868 <= int(row["year"]) <= 2026, row["title"]
        assert not row["isbn"] or rules.isbn13(row["isbn"]), row["title"]


@pytest.mark.django_db
def test_the_demonstration_library_loads_once_and_again_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for user in ("admin", "librarian", "counter", "patron"):
        (tmp_path / f"demo_{user}").write_text(f"{user}-Secret-123456\n")
    call_command("load_demo", secrets=tmp_path)
    first = capsys.readouterr().out
    assert BibliographicRecord.objects.count() == len(list(works())) + 33
    assert SearchDocument.objects.count() == BibliographicRecord.objects.count()
    assert Item.objects.count() > 500
    assert Item.objects.values("branch").distinct().count() > 15
    assert Patron.objects.count() == 40
    assert not [p.card_number for p in Patron.objects.all() if card_problem(p.card_number)]
    assert not [i.barcode for i in Item.objects.all() if not number_is_sound(i.barcode)]
    assert Loan.objects.count() >= 15
    assert Loan.objects.filter(due_on__lt=timezone.localdate()).exists()
    assert StaffUser.objects.get(number="librarian").check_password("librarian-Secret-123456")
    assert f"patron card 1: {card_number(1)}" in first
    events = AuditEvent.objects.count()
    call_command("load_demo", secrets=tmp_path)
    assert "changed=0" in capsys.readouterr().out
    assert AuditEvent.objects.count() == events
    for text, title in (
        ("わがはいはねこである", "吾輩は猫である"),
        ("夏目漱石 こころ", "こころ"),
        ("9784062035156", "ノルウェイの森"),
        ("でんししょせき", "電子書籍"),
        ("村上春樹 海辺", "海辺のカフカ"),
        ("小林一茶", ""),
    ):
        hits = search(Query(text=text, scope="held")).hits
        assert hits
        assert title in BibliographicRecord.objects.get(pk=hits[0].record_id).title
    assert timezone.now() - Loan.objects.order_by("lent_at").first().lent_at < timedelta(days=30)


@pytest.mark.django_db
def test_a_town_with_one_library_gets_its_demonstration_too(settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.INVENTORY = "small"
    call_command("load_demo")
    capsys.readouterr()
    assert Item.objects.values("branch").distinct().count() == 1
    assert Loan.objects.exists()
    assert Hold.objects.exists()
    call_command("load_demo")
    assert "changed=0" in capsys.readouterr().out
