"""Taking over a register from CSV."""

import pytest
from django.core.management import CommandError, call_command

from app.access.actions import NotPermitted
from app.audit.models import AuditEvent
from app.patrons import actions
from app.patrons.importing import ImportRefused
from app.patrons.models import Patron
from app.tests import make

HEADER = "card_number,name,kana,category,branch,birth_date,phone,valid_until"
GOOD = [
    HEADER,
    "00012345,髙橋 一郎,たかはし いちろう,general,nagano,1970/05/01,026-232-1111,2028-03-31",
    "A00012346A,市立第一小学校,シリツダイイチショウガッコウ,group,nagano,,,",
]


@pytest.fixture
def administrator(db):
    return make.actor("admin")


def test_a_register_is_taken_over_and_reading_it_again_changes_nothing(administrator):
    assert actions.import_register(administrator, GOOD) == (2, 0)
    assert actions.import_register(administrator, GOOD) == (0, 2)
    patron = Patron.objects.get(card_number="00012345")
    assert (patron.kana, patron.phone, str(patron.valid_until)) == ("タカハシ イチロウ", "0262321111", "2028-03-31")
    assert Patron.objects.filter(card_number="00012346").exists()
    assert AuditEvent.objects.filter(operation="patrons.import").count() == 2


def test_every_problem_is_named_by_line_and_column_and_nothing_is_taken_over(administrator):
    lines = [*GOOD, "12,,漢字,general,nowhere,1970-13-01,,", "00012345,再登録,サイトウロク,general,nagano,,,"]
    with pytest.raises(ImportRefused) as refused:
        actions.import_register(administrator, lines)
    found = {(problem.line, problem.column) for problem in refused.value.problems}
    assert found == {
        (4, "card_number"),
        (4, "name"),
        (4, "kana"),
        (4, "branch"),
        (4, "birth_date"),
        (5, "card_number"),
    }
    assert not Patron.objects.exists()


def test_a_wrong_header_says_which_column(administrator):
    with pytest.raises(ImportRefused, match="line 1, kana"):
        actions.import_register(administrator, ["card_number,name,category,branch,colour"])


def test_only_administrators_take_over_registers(db):
    with pytest.raises(NotPermitted):
        actions.import_register(make.actor("librarian"), GOOD)


def test_the_command_reads_a_file_and_fails_with_the_place(tmp_path, capsys, db):
    make.branch("nagano")
    path = tmp_path / "register.csv"
    path.write_text("\ufeff" + "\n".join(GOOD), encoding="utf-8")
    call_command("import_patrons", str(path))
    assert "new=2" in capsys.readouterr().out
    path.write_text("\n".join([*GOOD, "1,x,カナ,general,nagano,,,"]), encoding="utf-8")
    with pytest.raises(CommandError, match=r"register\.csv: line 4, card_number"):
        call_command("import_patrons", str(path))
    with pytest.raises(CommandError, match=r"nowhere\.csv"):
        call_command("import_patrons", str(tmp_path / "nowhere.csv"))
