"""What is in the files: nothing that tells who somebody is. What old keys sealed, new keys take over."""

import json
import os
import subprocess
import sys
from datetime import date
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from app.patrons import actions, queries
from app.patrons.models import Application, Patron, PatronCard, PatronChange, PatronNote, PatronStop
from app.tests import make
from app.web.actions import reseal, sealed_models
from app.web.sealed import Unsealable, sealed_fields

NEW = {"id": 7, "secret": "the-key-of-the-next-year-thirty-two-and-more"}
PERSON = {
    "name": "斑目 花代",
    "kana": "マダラメ ハナヨ",
    "birth_date": date(1971, 12, 30),
    "postal_code": "380-0928",
    "address": "長野市若里六丁目6番6号",
    "phone": "0268765432",
    "email": "madarame.hanayo@example.jp",
    "guardian_name": "斑目 親代",
    "contacts": [{"kind": "phone", "label": "携帯", "value": "09087654321"}],
}
WORDS = [
    "斑目",
    "花代",
    "マダラメ",
    "ハナヨ",
    "1971-12-30",
    "1971/12/30",
    "380-0928",
    "六丁目6番6号",
    "0268765432",
    "madarame",
    "親代",
    "09087654321",
    "預かり物の伝言",
    "停止の内々の理由",
    "改名後",
    "申込 三郎",
]


def somebody() -> Patron:
    """A patron with everything that may be written about one."""
    clerk, patron = make.actor("librarian"), make.patron(**PERSON)
    actions.add_note(clerk, patron, "預かり物の伝言", 2, None)
    actions.stop(clerk, patron, ["hold"], "停止の内々の理由", None)
    what = {name: getattr(patron, name) for name in ("card_number", "kana", "birth_date", "category", "branch")}
    what |= {name: getattr(patron, name) for name in ("postal_code", "address", "phone", "email", "guardian_name")}
    actions.change(clerk, patron, actions.Registration(name="斑目 改名後", contacts=tuple(patron.contacts), **what))
    actions.apply(make.actor(), {"name": "申込 三郎", "phone_1": "0268765432"})
    return Patron.objects.get(pk=patron.pk)


def tables() -> list[str]:
    """Every table of the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.req("F-AUD-012")
@pytest.mark.django_db(transaction=True)
def test_neither_a_copy_of_the_tables_nor_the_databases_own_files_hold_a_name_a_reading_or_a_phone():
    somebody()
    copied = b""
    with connection.cursor() as cursor:
        for table in tables():
            with cursor.copy(f'COPY (SELECT * FROM "{table}") TO STDOUT') as rows:
                copied += b"".join(bytes(row) for row in rows)
        cursor.execute("CHECKPOINT")
        # The files as they lie on the disk, read by the server itself.
        cursor.execute(
            "SELECT relname, pg_read_binary_file(pg_relation_filepath(oid), 0, 64 * 1024 * 1024, true) FROM pg_class"
            " WHERE relkind IN ('r', 't', 'i') AND relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace)"
        )
        files = {name: bytes(content or b"") for name, content in cursor.fetchall()}
    # The look finds what is there in the clear: the card's number, in the copy and in the table's own file.
    number = Patron.objects.get().card_number.encode()
    assert number in copied
    assert number in files["patrons_patron"]
    for word in WORDS:
        assert word.encode() not in copied, word
        # As COPY and as a hexadecimal dump would write it.
        assert word.encode().hex().encode() not in copied, word
        assert [name for name, content in files.items() if word.encode() in content] == [], word


@pytest.mark.req("F-AUD-012")
@pytest.mark.django_db
def test_with_the_keys_away_the_application_itself_reads_nothing(settings):
    patron = somebody()
    assert queries.by_id(patron.pk).name == "斑目 改名後"
    settings.FIELD_KEYS = [{"id": 1, "secret": "somebody-elses-key-with-the-same-number"}]
    with pytest.raises(Unsealable):
        queries.by_id(patron.pk)


@pytest.mark.req("F-AUD-012")
@pytest.mark.django_db
def test_the_key_is_changed_while_everything_stays_readable_and_findable(settings):
    patron = somebody()
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = [NEW, *old]
    assert queries.by_id(patron.pk).name == "斑目 改名後"
    said = StringIO()
    call_command("reseal", stdout=said)
    assert "patrons.Patron: 1" in said.getvalue()
    settings.FIELD_KEYS = [NEW]  # the old key is gone for good
    found = queries.by_id(patron.pk)
    assert (found.name, found.birth_date, found.contacts[0]["value"]) == (
        "斑目 改名後",
        date(1971, 12, 30),
        "09087654321",
    )
    assert found.notes.get().text == "預かり物の伝言"
    assert found.stops.get().reason == "停止の内々の理由"
    assert found.changes.get().fields[0][0] == "氏名"
    assert Application.objects.get().content["name"] == "申込 三郎"
    assert queries.search(kana="マダラメ", phone="0268765432").ids == [patron.pk]
    again = StringIO()
    call_command("reseal", stdout=again)
    assert "patrons.Patron: 0" in again.getvalue()


@pytest.mark.django_db
def test_sealing_anew_goes_on_where_it_was_cut(settings, monkeypatch):
    for _ in range(5):
        make.patron()
    monkeypatch.setattr("app.web.actions.BATCH", 2)
    settings.FIELD_KEYS = [NEW, *settings.FIELD_KEYS]

    class Cut(Exception):
        pass

    def cut(done: int) -> None:
        if done == 2:
            raise Cut

    with pytest.raises(Cut):
        reseal(Patron, told=cut)
    assert reseal(Patron) == 3
    assert reseal(Patron) == 0
    assert reseal(Patron, everything=True) == 5


@pytest.mark.django_db
def test_a_new_secret_of_the_look_ups_finds_again_after_everything_is_renewed(settings):
    patron = make.patron(kana="マダラメ ハナヨ")
    settings.FIELD_INDEX_SECRET = "another-secret-for-the-look-ups-of-the-house"
    assert queries.search(kana="マダラメ").ids == []
    call_command("reseal", "--everything", stdout=StringIO())
    assert queries.search(kana="マダラメ").ids == [patron.pk]


@pytest.mark.django_db
def test_every_table_with_sealed_columns_is_renewed():
    found = set(sealed_models())
    assert {Patron, PatronNote, PatronStop, PatronChange, Application} <= found
    assert PatronCard not in found
    assert all(sealed_fields(model) for model in found)


# Runs apart, on a database of its own: the tables as the release before had them, one row, then this release's.
TAKE_OVER = """
import json, django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
MigrationExecutor(connection).migrate([("patrons", "0001_initial")])
with connection.cursor() as cursor:
    cursor.execute(\"\"\"
        INSERT INTO branches_branch (code, number, kind, name, kana, short, closed_weekdays, is_active)
        VALUES ('n', 1, 'main', '長野', '', '長野', '', true);
        INSERT INTO patrons_patroncategory (code, name, validity_years, is_group, "order")
        VALUES ('child', '児童', 3, false, 1), ('wide', '広域', 1, false, 2);
        INSERT INTO patrons_patron (card_number, name, kana, kana_key, birth_date, address, phone, email,
            registered_on, stopped_until, stop_reason, message, branch_id, category_id)
        SELECT '1234567890', '斑目 花代', 'マダラメ ハナヨ', 'マダラメハナヨ', '1971-12-30', '長野市若里6',
            '0268765432', 'madarame@example.jp', '2020-01-01', '2099-01-01', '停止の理由', '預かり物の伝言', b.id, c.id
        FROM branches_branch b, patrons_patroncategory c WHERE c.code = 'child'\"\"\")
executor = MigrationExecutor(connection)
executor.migrate(executor.loader.graph.leaf_nodes("patrons"))
from app.patrons.models import Patron, PatronCard, PatronNote, PatronStop
from app.web.sealed import blind
patron = Patron.objects.get()
print(json.dumps({
    "patron": [patron.name, patron.kana, str(patron.birth_date), patron.address, patron.phone, patron.email],
    "found": blind("マダラメ", "patrons.kana") in patron.keys,
    "card": list(PatronCard.objects.values_list("number", "patron_id")) == [("1234567890", patron.pk)],
    "stop": [PatronStop.objects.get().reason, str(patron.stopped_until)],
    "note": [PatronNote.objects.get().text, str(patron.noted_until)],
    "age": patron.category.age_from,
}))
"""


@pytest.fixture
def empty_database(db):
    """The name of a database of its own, and a way to ask the server."""
    name = f"{connection.settings_dict['NAME']}_old"
    given = {"host": connection.settings_dict["HOST"], "user": connection.settings_dict["USER"]}
    with psycopg.connect(**given, dbname="postgres", autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield name, given
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_a_register_of_the_release_before_is_sealed_and_nothing_plain_stays_in_its_file(empty_database):
    name, server = empty_database
    run = subprocess.run(
        [sys.executable, "-c", TAKE_OVER],
        env={**os.environ, "KURA_TEST_DB": name, "DJANGO_SETTINGS_MODULE": "app.settings.test"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert json.loads(run.stdout) == {
        "patron": ["斑目 花代", "マダラメ ハナヨ", "1971-12-30", "長野市若里6", "0268765432", "madarame@example.jp"],
        "found": True,
        "card": True,
        "stop": ["停止の理由", "2099-01-01"],
        "note": ["預かり物の伝言", "9999-12-31"],
        "age": 6,
    }
    with psycopg.connect(**server, dbname=name, autocommit=True) as asked:
        asked.execute("CHECKPOINT")
        file = asked.execute("SELECT pg_read_binary_file(pg_relation_filepath('patrons_patron'))").fetchone()
    content = bytes(file[0])
    assert b"1234567890" in content
    for word in ("斑目", "マダラメ", "0268765432", "停止の理由", "madarame"):
        assert word.encode() not in content, word
