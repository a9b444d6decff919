"""Every format and both sets of rules: what is read, what is kept, what is set aside; weeks, cuts and first loads."""

import gzip
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from app.access.actor import system
from app.catalog import actions as catalog
from app.catalog import rules
from app.catalog.actions import undoing
from app.catalog.codes import Level, Screening
from app.catalog.models import BibliographicRecord, Change, ChangeSet
from app.catalog.search import Query, search
from app.catalog.search.parse import in_field
from app.catalog.tests import factories as make
from app.catalog.tests.test_pages import signed_in
from app.exchange import formats, jobs, views
from app.exchange.actions import accept, import_marc, load_marc, open_run, proceed
from app.exchange.models import ImportFile, ImportRun
from app.exchange.pace import Pace, polite
from app.exchange.tests.marc_files import book, iso2709, trc, xml
from app.exchange.tests.test_marc import FILE
from app.holds.models import Hold, Status
from app.tests import make as people

IMPORTER = system("test")
NCR2018 = iso2709(
    [
        ("001", "031234567"),
        ("003", "JTNDL"),
        ("007", "ta"),
        ("008", "210401s2021    ja ||||j |||| ||||||jpn  "),
        ("015", "  ", "$a23512345$2jnb"),
        ("020", "  ", "$a978-4-00-310101-8 :$c900円"),
        ("040", "  ", "$aJTNDL$bjpn$cJTNDL$encr/2018"),
        ("084", "  ", "$a913.6$2njb/10"),
        ("084", "  ", "$a913.5$2njb/09"),
        ("245", "00", "$6880-01$a新しい規則の本 /$c規則太郎 著."),
        ("264", " 1", "$6880-02$a東京 :$b規則書房,$c2021.4."),
        ("300", "  ", "$a301p ;$c19cm."),
        ("336", "  ", "$aテキスト$btxt$2ncrcontent"),
        ("336", "  ", "$a静止画$bsti$2ncrcontent"),
        ("337", "  ", "$a機器不用$bn$2ncrmedia"),
        ("338", "  ", "$a冊子$bnc$2ncrcarrier"),
        ("500", "  ", "$a原タイトル: New rules."),
        ("520", "  ", "$a規則のはなし."),
        ("700", "1 ", "$6880-03$a規則, 太郎"),
        ("880", "00", "$6245-01/(B$aAtarashii kisoku no hon."),
        ("880", "00", "$6245-01/$1$aアタラシイ キソク ノ ホン."),
        ("880", " 1", "$6264-02/$1$bキソク ショボウ."),
        ("880", "1 ", "$6700-03/$1$aキソク, タロウ"),
        ("880", "1 ", "$6700-03/(B$aKisoku, Taro"),
    ]
)
XML = """<{0}record><{0}leader>00000nam a2200000 i 4500</{0}leader><{0}controlfield tag="001">{1}</{0}controlfield>
<{0}datafield tag="245" ind1="0" ind2="0"><{0}subfield code="a">{2}</{0}subfield></{0}datafield></{0}record>"""


def only(title: str) -> BibliographicRecord:
    return BibliographicRecord.objects.get(title=title)


@pytest.mark.django_db
@pytest.mark.req("F-CAT-002")
def test_records_by_both_rules_come_in_and_nothing_of_them_is_lost() -> None:
    old = FILE.read_bytes()
    run = import_marc(IMPORTER, old + NCR2018, "both.mrc")
    assert (run.created, run.set_aside) == (34, 0)
    new = only("新しい規則の本")
    assert (new.rules_used, new.content_type, new.media_type, new.carrier_type) == ("ncr2018", "txt sti", "n", "nc")
    assert (new.title_reading, new.title_translit) == ("アタラシイ キソク ノ ホン", "Atarashii kisoku no hon")
    assert (new.creators, new.creator_readings, new.creator_translits) == (
        ["規則太郎"], ["キソク タロウ"], ["Kisoku, Taro"],
    )  # fmt: skip
    assert (new.publisher, new.publisher_reading, new.year) == ("規則書房", "キソク ショボウ", 2021)
    assert (new.original_title, new.summary, new.audience) == ("New rules", "規則のはなし", "child")
    assert BibliographicRecord.objects.filter(rules_used="ncr1987").count() == 32
    kept = BibliographicRecord.objects.order_by("pk").values_list("marc", flat=True)
    assert b"".join(bytes(data) for data in kept) == old + NCR2018
    assert search(Query(text="キソク ノ ホン")).hits[0].record_id == new.pk


@pytest.mark.django_db
@pytest.mark.req("F-CAT-013")
def test_a_record_with_two_editions_is_found_under_either_number() -> None:
    import_marc(IMPORTER, NCR2018, "two.mrc")
    record = only("新しい規則の本")
    assert (record.ndc, record.ndc_edition, record.other_classes) == ("913.6", 10, ["NDC9:913.5"])
    for number in ("913.6", "913.5"):
        assert [hit.record_id for hit in search(Query(where=in_field(number, "class", "prefix"))).hits] == [record.pk]
    assert search(Query(where=in_field("914", "class", "prefix"))).total == 0


@pytest.mark.django_db
@pytest.mark.req("F-CAT-006")
def test_a_weekly_file_of_three_thousand_counts_what_is_new_corrected_and_deleted() -> None:
    first = b"".join(book(n, f"週刊の本{n}") for n in range(1, 101))
    import_marc(IMPORTER, first, "first.mrc")
    make.item(held := only("週刊の本98"))
    corrected = [book(n, f"週刊の本{n} 改") for n in range(1, 81)]
    same = [book(n, f"週刊の本{n}") for n in range(81, 91)]
    deleted = [book(n, f"週刊の本{n}", status="d") for n in range(91, 99)]
    new = [book(n, f"新しい本{n}") for n in range(1001, 3902)]
    broken = b"00300nam" + b"x" * 40 + b"\x1d"
    week = b"".join([*corrected, *same, broken, *deleted, *new])
    run = import_marc(IMPORTER, week, "week.mrc", Pace(batch=500))
    assert run.position == 3000
    assert (run.created, run.updated, run.deleted, run.unchanged, run.set_aside) == (2901, 80, 7, 10, 2)
    aside = list(run.set_aside_records.all())
    assert [record.position for record in aside] == [91, 99]
    assert "所蔵" in aside[1].reason
    assert BibliographicRecord.objects.filter(pk=held.pk).exists()
    assert not BibliographicRecord.objects.filter(title="週刊の本91").exists()
    assert search(Query(text="新しい本3901")).total == 1
    assert search(Query(text="週刊の本91")).total == 0
    changes = ChangeSet.objects.get(pk=run.change_set)
    assert (changes.kind, changes.size) == (ChangeSet.Kind.IMPORT, 2901 + 80 + 7)
    gone = Change.objects.filter(change_set=changes, act=Change.Act.GONE)
    assert gone.count() == 7
    assert gone.first().before["title"] == "週刊の本91"


@pytest.mark.django_db
def test_a_week_is_one_change_set_that_can_be_taken_back() -> None:
    import_marc(IMPORTER, b"".join(book(n, f"本{n}") for n in range(1, 6)), "first.mrc")
    before = bytes(only("本5").marc)
    week = [book(1, "本1 改"), book(5, "", status="d"), book(9, "新しい本")]
    run = import_marc(IMPORTER, b"".join(week), "week.mrc")
    librarian = signed_in("librarian")
    assert f'href="/catalog/changes/{run.change_set}/"' in librarian.get("/exchange/import/").content.decode()
    assert "本1 改" in librarian.get(f"/catalog/changes/{run.change_set}/").content.decode()
    undoing.undo(IMPORTER, run.change_set)
    assert set(BibliographicRecord.objects.values_list("title", flat=True)) == {f"本{n}" for n in range(1, 6)}
    assert bytes(only("本5").marc) == before
    assert search(Query(text="本5")).total == 1
    assert search(Query(text="新しい本")).total == 0


@pytest.mark.django_db
@pytest.mark.req("F-CAT-006")
def test_an_order_to_delete_spares_what_somebody_waits_for_and_takes_the_rest() -> None:
    import_marc(IMPORTER, book(1, "待たれる本") + book(2, "消える本") + book(3, "全集"), "a.mrc")
    make.record("第1巻", parent=only("全集"), part_order=1)
    where = make.branch()
    now = timezone.now()
    waiting = {"patron": people.patron(branch=where), "pickup": where, "status": Status.WAITING}
    Hold.objects.create(record=only("待たれる本"), received_at=now, queue_at=now, **waiting)
    orders = [book(number, "", status="d") for number in (1, 2, 3, 9)]
    run = import_marc(IMPORTER, b"".join(orders), "b.mrc")
    assert (run.deleted, run.unchanged, run.set_aside) == (1, 1, 2)
    assert [record.reason[:20] for record in run.set_aside_records.all()] == [
        "削除を指示していますが、予約があるため残", "削除を指示していますが、各巻があるため残",
    ]  # fmt: skip
    assert set(BibliographicRecord.objects.values_list("title", flat=True)) == {"待たれる本", "全集", "第1巻"}


@pytest.mark.django_db
@pytest.mark.req("F-CAT-006")
@pytest.mark.parametrize("prefix", ["", "marc"])
def test_marcxml_is_read_record_by_record_with_or_without_a_prefix(prefix: str) -> None:
    name = f"{prefix}:" if prefix else ""
    good, later = XML.format(name, 7, "XMLの本 &amp; その続き"), XML.format(name, 8, "後の本")
    broken = f"<{name}record><{name}leader>xx</{name}record>"
    entity = f"<{name}record>&nothing;</{name}record>"
    run = import_marc(IMPORTER, xml(good, broken, entity, later, prefix=prefix), "file.xml")
    assert (run.created, run.set_aside) == (2, 2)
    assert [record.position for record in run.set_aside_records.all()] == [2, 3]
    record = only("XMLの本 & その続き")
    assert bytes(record.marc).decode() == good
    assert record.marc_format == "marcxml"
    only("後の本")


@pytest.mark.django_db
def test_marcxml_in_another_encoding_or_with_a_missing_end_is_set_aside_not_guessed() -> None:
    sjis = xml(XML.format("", 1, "本")).decode().replace("UTF-8", "Shift_JIS").encode("shift_jis")
    assert import_marc(IMPORTER, sjis, "sjis.xml").set_aside == 1
    cut = xml(XML.format("", 1, "切れた本").replace("</record>", ""), XML.format("", 2, "続く本"))
    run = import_marc(IMPORTER, cut, "cut.xml")
    assert (run.created, run.set_aside) == (1, 1)
    only("続く本")


@pytest.mark.django_db
@pytest.mark.req("F-CAT-006")
def test_the_t_type_is_read_as_its_public_description_says() -> None:
    data = trc(
        [
            ("010", [("A", "978-4-00-310101-8", "1")]),
            ("020", [("B", "23599999", "1")]),
            ("251", [("A", "図書館の本", "2"), ("B", "副書名", "2"), ("D", "上", "2"), ("F", "図書太郎∥著", "1")]),
            ("270", [("A", "東京", "2"), ("B", "図書館出版", "2"), ("D", "2020.4", "1")]),
            ("275", [("A", "120p", "1"), ("B", "19cm", "1")]),
            ("377", [("A", "短い話", "2")]),
            ("551", [("A", "トショカン ノ ホン", "1"), ("X", "Toshokan no hon", "1")]),
            ("658", [("A", "トショカン", "1"), ("B", "図書館", "2")]),
            ("677", [("A", "010", "1"), ("V", "9", "1")]),
            ("677", [("A", "010.1", "1"), ("V", "10", "1")]),
            ("751", [("A", "トショ, タロウ", "1"), ("B", "図書, 太郎", "1")]),
            ("990", [("A", "TRCだけの項目", "1")]),
        ],
        "20012345",
    )
    run = import_marc(IMPORTER, data + data[:5] + b"D" + data[6:] + data.replace(b"\x1fA", b"\x1f?", 1), "t.dat")
    assert (run.created, run.deleted, run.set_aside) == (1, 1, 1)
    import_marc(IMPORTER, data + b"\n", "t2.dat")
    record = only("図書館の本 : 副書名")
    assert (record.control_number, record.national_number) == ("(TRC)20012345", "23599999")
    assert (record.title_reading, record.title_translit) == ("トショカン ノ ホン", "Toshokan no hon")
    assert (record.volume, record.creators, record.creator_readings) == ("上", ["図書太郎"], ["トショ タロウ"])
    assert (record.publisher, record.year, record.isbn13) == ("図書館出版", 2020, "9784003101018")
    assert (record.ndc, record.ndc_edition, record.other_classes) == ("010.1", 10, ["NDC9:010"])
    assert (record.subjects, record.contents, record.marc_format) == (["図書館"], ["短い話"], "trc")
    assert bytes(record.marc) == data


def test_films_tell_their_number_time_medium_and_whether_they_may_be_shown() -> None:
    film = iso2709(
        [
            ("001", "1"),
            ("007", "vd cvaizq"),
            ("008", "190212s2019    ja 090|g |||| ||||||jpn  "),
            ("028", "40", "$aABCD-1234$b映画社"),
            ("245", "00", "$a映画の本"),
            ("300", "  ", "$aビデオディスク 1枚 (1時間30分)"),
            ("511", "0 ", "$a俳優太郎"),
            ("540", "  ", "$a上映権なし"),
        ],
        kind="gm",
    )
    fields = formats.interpret(next(formats.split(film))).fields
    assert (fields["material_type"], fields["publisher_number"], fields["performers"]) == (
        "dvd",
        "ABCD-1234",
        ["俳優太郎"],
    )
    assert (fields["playing_minutes"], fields["medium"], fields["screening"]) == (90, "DVD", Screening.NONE)


@pytest.mark.django_db
@pytest.mark.req("F-CAT-001")
def test_volumes_come_below_the_set_that_they_name_whichever_way_they_are_loaded(tmp_path: Path) -> None:
    one = iso2709([("001", "500"), ("003", "JTNDL"), ("245", "00", "$a大全集")], part="a")
    volumes = [
        iso2709(
            [
                ("001", f"50{n}"),
                ("003", "JTNDL"),
                ("245", "00", f"$a大全集$n第{n}巻"),
                ("773", "0 ", "$w(JTNDL)500"),
            ],
            part="b",
        )
        for n in range(1, 4)
    ]  # fmt: skip
    import_marc(IMPORTER, one + b"".join(volumes), "set.mrc")
    parent = BibliographicRecord.objects.get(level=Level.SET)
    assert list(parent.parts.order_by("part_order").values_list("part_order", "level")) == [
        (1, "volume"), (2, "volume"), (3, "volume"),
    ]  # fmt: skip
    BibliographicRecord.objects.exclude(pk=parent.pk).delete()
    parent.delete()
    path = tmp_path / "set.mrc"
    path.write_bytes(b"".join(volumes) + one)
    load_marc(IMPORTER, path, processes=1)
    assert BibliographicRecord.objects.get(level=Level.SET).parts.count() == 3


@pytest.mark.django_db
def test_a_run_that_was_cut_goes_on_where_it_stopped_and_counts_everything_once() -> None:
    data = b"".join(book(n, f"本{n}") for n in range(1, 26))
    run = open_run(IMPORTER, data, "cut.mrc")
    seen: list[int] = []
    done = proceed(
        IMPORTER, run, data, Pace(batch=10), stop=lambda: len(seen) == 1, progress=lambda r: seen.append(r.position)
    )
    assert (done, run.state, run.position, run.created) == (False, ImportRun.State.STOPPED, 10, 10)
    again = open_run(IMPORTER, data, "cut.mrc")
    assert again.pk == run.pk
    assert proceed(IMPORTER, again, data, Pace(batch=10)) is True
    assert (again.state, again.position, again.created, again.unchanged) == (ImportRun.State.DONE, 25, 25, 0)
    assert ChangeSet.objects.filter(kind="import").count() == 1
    assert import_marc(IMPORTER, data, "cut.mrc").unchanged == 25


@pytest.mark.django_db
def test_a_run_whose_records_were_taken_back_meanwhile_ends_and_brings_no_more() -> None:
    data = b"".join(book(n, f"本{n}") for n in range(1, 26))
    run = open_run(IMPORTER, data, "undone.mrc")
    proceed(IMPORTER, run, data, Pace(batch=10), stop=lambda: run.position == 10)
    undoing.undo(IMPORTER, run.change_set)
    assert proceed(IMPORTER, run, data, Pace(batch=10)) is True
    assert (run.state, run.position, run.created, run.set_aside) == (ImportRun.State.DONE, 10, 10, 0)
    assert BibliographicRecord.objects.count() == 0
    assert import_marc(IMPORTER, data, "undone.mrc").created == 25


def test_the_polite_pace_rests_most_of_the_time_and_longer_when_the_database_is_slow() -> None:
    now = [0.0]
    rests: list[float] = []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        now[0] += seconds

    pace = polite()
    pace.clock, pace.rest = lambda: now[0], rest
    worked = 0.0
    for took in (0.1, 0.1, 0.1, 0.6):
        pace.begin()
        now[0] += took
        worked += took
        pace.after(pace.batch)
    assert rests[0] == pytest.approx(0.1 * 0.85 / 0.15)
    assert rests[3] == pytest.approx(min(2 * 0.6 * 0.85 / 0.15, pace.longest))
    assert worked / now[0] < 0.16
    assert pace.batch <= 20


@pytest.mark.django_db
def test_an_upload_too_long_for_a_request_is_finished_by_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "AT_ONCE_SECONDS", -1.0)
    data = b"".join(book(n, f"本{n}") for n in range(1, 121))
    librarian = signed_in("librarian")
    upload = SimpleUploadedFile("week.mrc.gz", gzip.compress(data))
    page = librarian.post("/exchange/import/", {"file": upload}, follow=True).content.decode()
    assert "取込みを続けています" in page
    assert (BibliographicRecord.objects.count(), ImportFile.objects.count()) == (50, 1)
    monkeypatch.setattr(jobs, "polite", lambda: Pace(batch=30))
    assert "新規120" in jobs.go_on(None)
    assert BibliographicRecord.objects.count() == 120
    assert not ImportFile.objects.exists()
    assert jobs.go_on(None) == "取り込むファイルはありません"


@pytest.mark.django_db
@pytest.mark.req("F-CAT-006")
def test_the_weekly_delivery_is_taken_from_its_folder_once(tmp_path: Path, settings, monkeypatch) -> None:
    settings.MARC_INBOX = str(tmp_path)
    monkeypatch.setattr(jobs, "polite", lambda: Pace(batch=30))
    (tmp_path / "week1.mrc").write_bytes(book(1, "一週目"))
    (tmp_path / "empty.mrc").write_bytes(b"")
    assert "week1.mrc 100%(新規1" in jobs.go_on(None)
    (tmp_path / "week2.mrc").write_bytes(book(1, "一週目 改") + book(2, "二週目"))
    assert "新規1、訂正1" in jobs.go_on(None)
    assert jobs.go_on(None) == "取り込むファイルはありません"
    assert ImportRun.objects.count() == 2


@pytest.mark.django_db
def test_only_one_file_is_open_at_a_time_under_one_run() -> None:
    data = book(1, "本")
    assert accept(IMPORTER, data, "a.mrc").pk == accept(IMPORTER, data, "a.mrc").pk
    assert ImportFile.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.req("F-CAT-004")
def test_a_new_book_that_nobody_holds_is_found_among_all_records_and_taken_into_stock() -> None:
    """The rest of the row, at 2.75 million records, is `./kura bench load` and `./kura bench search`."""
    import_marc(IMPORTER, b"".join(book(n, f"未所蔵の新刊 {n}") for n in range(1, 41)), "all.mrc")
    assert search(Query(text="未所蔵の新刊 17", scope="held")).total == 0
    found = search(Query(text="未所蔵の新刊 17", scope="all"))
    record_id = found.hits[0].record_id
    librarian = signed_in("librarian")
    assert librarian.get(f"/catalog/records/{record_id}/").status_code == 200
    catalog.add_item(make.CATALOGUER, record_id, make.branch(), rules.item_barcode(777))
    assert [hit.record_id for hit in search(Query(text="未所蔵の新刊 17", scope="held")).hits] == [record_id]
