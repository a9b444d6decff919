"""What records have beside their row, and what follows: volumes, contents, pictures, the library's decisions."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from app.access.actions import NotPermitted
from app.catalog import actions, showing
from app.catalog.actions import details, hierarchy, policy, undoing
from app.catalog.actions.operations import CatalogError
from app.catalog.codes import Level, ShelfStatus
from app.catalog.forms_details import contents_of_lines, fields_of_lines
from app.catalog.models import BibliographicRecord, CataloguePolicy, ChangeSet, ContentsPart, Cover, DigitalLink, Item
from app.catalog.rules import chosen_class, order_of
from app.catalog.search import Query, search
from app.catalog.search.parse import in_field
from app.catalog.tests import factories as make
from app.catalog.tests.test_pages import signed_in
from app.tests import make as people

pytestmark = pytest.mark.django_db
ME = make.CATALOGUER
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
TODAY = timezone.localdate


def ids(text: str, **more: object) -> list[int]:
    return [hit.record_id for hit in search(Query(text=text, **more)).hits]


@pytest.mark.req("F-CAT-001")
def test_a_set_of_twenty_volumes_each_with_its_item_and_the_ways_between_them() -> None:
    librarian = signed_in("librarian")
    parent = make.record("長野県史全集", "ナガノケンシ ゼンシュウ", publisher="県史刊行会")
    asked = {"act": "volumes", "first": "1", "last": "20", "pattern": "第{}巻"}
    for _ in range(2):  # sent twice
        page = librarian.post(f"/catalog/records/{parent.pk}/details/", asked, follow=True)
        assert page.status_code == 200
    volumes = list(parent.parts.order_by("part_order"))
    assert [volume.volume for volume in volumes] == [f"第{n}巻" for n in range(1, 21)]
    assert {(volume.title, volume.publisher, volume.level) for volume in volumes} == {
        ("長野県史全集", "県史刊行会", "volume")
    }
    for volume in volumes:
        make.item(volume)
    assert Item.objects.filter(record__parent=parent).count() == 20
    parent.refresh_from_db()
    assert parent.level == Level.SET
    shown = librarian.get(f"/catalog/records/{parent.pk}/").content.decode()
    for volume in volumes:
        assert f'href="/catalog/records/{volume.pk}/"' in shown
    assert (
        f'href="/catalog/records/{parent.pk}/"' in librarian.get(f"/catalog/records/{volumes[4].pk}/").content.decode()
    )


@pytest.mark.req("F-CAT-001")
def test_a_record_goes_below_a_set_and_out_again_and_an_import_leaves_it_there() -> None:
    parent, volume = make.record("叢書"), make.record("別の書名", volume="3")
    hierarchy.place_below(ME, volume.pk, parent.pk)
    parent.refresh_from_db()
    volume.refresh_from_db()
    assert (parent.level, volume.level, volume.parent_id, volume.part_order) == ("set", "volume", parent.pk, 3)
    assert {"parent", "level"} <= set(volume.kept_fields)
    assert volume.pk in ids("叢書")
    with pytest.raises(CatalogError, match="自分の下"):
        hierarchy.place_below(ME, parent.pk, parent.pk)
    inner = make.record("叢書の中の全集", level="set")
    hierarchy.place_below(ME, inner.pk, parent.pk)
    with pytest.raises(CatalogError, match="自分の下"):  # no ring
        hierarchy.place_below(ME, parent.pk, inner.pk)
    with pytest.raises(CatalogError, match="の下には置けません"):
        hierarchy.place_below(ME, inner.pk, volume.pk)
    hierarchy.place_below(ME, volume.pk, None)
    volume.refresh_from_db()
    assert (volume.parent_id, volume.part_order, volume.level) == (None, None, "single")
    with pytest.raises(NotPermitted):
        hierarchy.place_below(people.actor("counter"), volume.pk, parent.pk)


@pytest.mark.parametrize(
    ("first", "last", "pattern", "what"),
    [(2, 1, "{}", "小さい方"), (1, 400, "{}", "件まで"), (1, 2, "巻", "番号の入る所")],
)
def test_volumes_that_cannot_be_are_refused_in_words(first: int, last: int, pattern: str, what: str) -> None:
    with pytest.raises(CatalogError, match=what):
        hierarchy.add_volumes(ME, make.record("全集").pk, first, last, pattern)


@pytest.mark.req("F-CAT-023")
def test_a_story_is_entered_below_its_book_and_finds_it_by_title_and_by_author() -> None:
    librarian = signed_in("librarian")
    book = make.record("日本短編集")
    make.record("別の本")
    lines = "羅生門\tラショウモン\t芥川龍之介\tアクタガワ リュウノスケ\r\n檸檬｜レモン｜梶井基次郎\r\n\r\n"
    librarian.post(f"/catalog/records/{book.pk}/details/", {"act": "contents", "lines": lines})
    assert list(ContentsPart.objects.values_list("order", "title", "creator")) == [
        (1, "羅生門", "芥川龍之介"), (2, "檸檬", "梶井基次郎"),
    ]  # fmt: skip
    for text in ("羅生門", "らしょうもん", "檸檬", "梶井基次郎"):
        assert ids(text) == [book.pk], text
    assert "羅生門" in librarian.get(f"/catalog/records/{book.pk}/details/").content.decode()
    details.put_contents(ME, book.pk, contents_of_lines("檸檬"))
    assert ids("羅生門") == []


@pytest.mark.req("F-CAT-013")
def test_the_library_chooses_by_which_edition_it_searches_and_records_follow() -> None:
    two = make.record("二つの版", ndc="913.6", ndc_edition=10, other_classes=["NDC9:023.1", "NDLC:UE1"])
    one = make.record("一つの版", ndc="914", ndc_edition=10)
    assert ids("", classes=("913",)) == [two.pk]
    librarian = signed_in("librarian")
    page = librarian.get("/catalog/policy/").content.decode()
    assert "NDC9版" in page
    given = {"ndc_edition": "9", "counted_class": "local", "emptied": "hide", "show_toc": "on"}
    librarian.post("/catalog/policy/", given)
    assert policy.reclass(ME) == 1
    assert policy.reclass(ME) == 0
    two.refresh_from_db()
    one.refresh_from_db()
    assert (two.ndc, two.ndc_edition, two.other_classes) == ("023.1", 9, ["NDC10:913.6", "NDLC:UE1"])
    assert (one.ndc, one.ndc_edition) == ("914", 10)
    assert (ids("", classes=("023",)), ids("", classes=("913",))) == ([two.pk], [])
    for number in ("023.1", "913.6"):  # either still finds it
        assert [hit.record_id for hit in search(Query(where=in_field(number, "class", "prefix"))).hits] == [two.pk]
    decided = showing.policy()
    two.local_class = "N210"
    assert showing.counted_class(two, decided) == "N210"
    assert showing.counted_class(one, decided) == "914"


def test_the_edition_in_front_and_the_order_of_volumes() -> None:
    assert chosen_class("913.6", 10, ["NDC9:913.5", "NDC8:913"], 9) == ("913.5", 9, ["NDC10:913.6", "NDC8:913"])
    assert chosen_class("913.6", 9, ["NDC10:913.7"], 0) == ("913.7", 10, ["NDC9:913.6"])
    assert chosen_class("913.6", 10, ["NDLC:K1"], 8) == ("913.6", 10, ["NDLC:K1"])
    assert chosen_class("", None, ["NDLC:K1"], 9) == ("", None, ["NDLC:K1"])
    assert [order_of(text) for text in ("第12巻", "３", "上", "")] == [12, 3, None, None]


@pytest.mark.req("F-CAT-029")
@pytest.mark.parametrize("emptied", ["hide", "show"])
def test_a_record_whose_last_item_was_withdrawn_follows_the_librarys_decision(emptied: str, client) -> None:
    policy.put_policy(ME, {"emptied": emptied})
    record, never = make.record("消える本"), make.record("買ったMARC")
    item = make.item(record)
    there = {"headers": {"host": "opac.kura-nagano.example"}}
    assert client.get(f"/records/{record.pk}/", **there).status_code == 200
    actions.update_item(ME, item.pk, {"status": ShelfStatus.WITHDRAWN})
    public = emptied == "show"
    assert ids("消える本", shown_to="public") == ([record.pk] if public else [])
    assert client.get(f"/records/{record.pk}/", **there).status_code == (200 if public else 404)
    assert ids("買ったMARC", shown_to="public") == [never.pk]
    librarian = signed_in("librarian")
    make.record("消える本の続き")
    assert "所蔵なし" in librarian.get("/catalog/", {"q": "消える本"}).content.decode()
    policy.put_policy(ME, {"emptied": "show"})
    assert ids("消える本", shown_to="public")[:1] == [record.pk]


@pytest.mark.req("F-CAT-029")
def test_records_that_lost_their_last_item_are_deleted_after_a_month_when_the_library_wants_it() -> None:
    policy.put_policy(ME, {"emptied": "delete"})
    old, young, held = make.record("除籍済み"), make.record("除籍したばかり"), make.record("残る本")
    for record in (old, young):
        actions.update_item(ME, make.item(record).pk, {"status": ShelfStatus.WITHDRAWN})
    make.item(held)
    Item.objects.filter(record=old).update(updated_at=timezone.now() - timedelta(days=40))
    assert policy.clear_emptied(ME, TODAY()) == 1
    assert set(BibliographicRecord.objects.values_list("title", flat=True)) == {"除籍したばかり", "残る本"}
    assert ids("除籍済み") == []
    assert policy.clear_emptied(ME, TODAY()) == 0
    policy.put_policy(ME, {"emptied": "hide"})
    assert policy.clear_emptied(ME, TODAY() + timedelta(days=90)) == 0


@pytest.mark.req("F-CAT-028")
def test_a_record_that_is_not_public_is_at_the_desk_and_not_on_the_web(client) -> None:
    secret = make.record("非公開の寄贈本", visibility="staff")
    inside = make.record("館内だけの地図", visibility="inside")
    make.item(secret)
    make.item(inside)
    assert ids("非公開の寄贈本", shown_to="public") == ids("非公開の寄贈本", shown_to="inside") == []
    assert ids("館内だけの地図", shown_to="public") == []
    assert ids("館内だけの地図", shown_to="inside") == [inside.pk]
    web = {"headers": {"host": "opac.kura-nagano.example"}}
    for record in (secret, inside):
        assert client.get(f"/records/{record.pk}/", **web).status_code == 404
        assert f"/records/{record.pk}/" not in client.get("/", {"q": record.title}, **web).content.decode()
        assert signed_in_finds(record)


def signed_in_finds(record: BibliographicRecord) -> bool:
    librarian = people.client("librarian")
    answer = librarian.get("/catalog/", {"q": record.title}, headers={"host": "staff.kura-nagano.example"})
    return answer.headers.get("Location") == f"/catalog/records/{record.pk}/" or record.title in answer.content.decode()


@pytest.mark.req("F-CAT-026")
def test_a_former_village_finds_the_local_material_and_the_librarys_own_fields_too() -> None:
    librarian = signed_in("librarian")
    paper = make.record(
        "合併の記録",
        local_class="N318",
        local_places=["旧芋井村", "長野市"],
        local_people=["村長太郎"],
        issuing_section="総務課",
    )
    make.record("別の記録")
    for text in ("旧芋井村", "芋井村", "村長太郎", "総務課"):
        assert ids(text) == [paper.pk], text
    assert [hit.record_id for hit in search(Query(where=in_field("N318", "class", "prefix"))).hits] == [paper.pk]
    librarian.post(f"/catalog/records/{paper.pk}/details/", {"act": "own", "lines": "旧蔵者： 芋井文庫\n続きの行"})
    paper.refresh_from_db()
    assert paper.own_fields == {"旧蔵者": "芋井文庫 続きの行"}
    assert ids("芋井文庫") == [paper.pk]


def test_own_fields_are_read_from_lines() -> None:
    assert fields_of_lines("a: 1\n\nb：2\n続き\nc:\n") == {"a": "1", "b": "2 続き"}
    assert fields_of_lines("名のない行") == {}


@pytest.mark.req("F-CAT-027")
def test_foreign_books_are_found_in_their_own_script_and_in_latin_letters_and_narrowed_by_language() -> None:
    chinese = make.record("红楼梦", language="chi", title_translit="Hong lou meng", creator_translits=["Cao, Xueqin"])
    russian = make.record("Война и мир", language="rus", title_translit="Voina i mir", original_title="Война и мир")
    make.record("紅楼夢", language="jpn")
    assert chinese.pk in ids("红楼梦")
    assert ids("Hong lou meng") == [chinese.pk]
    assert ids("Xueqin") == [chinese.pk]
    assert ids("война") == ids("voina") == [russian.pk]
    assert ids("", languages=("chi",)) == [chinese.pk]
    assert set(ids("紅楼夢", languages=("jpn",))).isdisjoint({chinese.pk, russian.pk})


@pytest.mark.req("F-CAT-024")
def test_covers_summaries_and_tables_of_contents_are_shown_as_the_library_decides(client) -> None:
    librarian = signed_in("librarian")
    book = make.record(
        "山の本", toc="第1章 北アルプス\n第2章 雷鳥のくらし", summary="山を歩く人のために。", author_note="山岳写真家。"
    )
    make.record("海の本")
    make.item(book)
    upload = {"act": "cover", "image": SimpleUploadedFile("c.png", PNG), "source": "自館撮影"}
    librarian.post(f"/catalog/records/{book.pk}/details/", upload)
    web = {"headers": {"host": "opac.kura-nagano.example"}}
    assert Cover.objects.get().source == "自館撮影"
    page = client.get(f"/records/{book.pk}/", **web).content.decode()
    for text in ("雷鳥のくらし", "山を歩く人", "山岳写真家", f"/records/{book.pk}/cover"):
        assert text in page
    assert client.get(f"/records/{book.pk}/cover", **web)["Content-Type"] == "image/png"
    policy.put_policy(ME, {"show_cover": False, "show_toc": False, "show_summary": False, "show_author_note": False})
    page = client.get(f"/records/{book.pk}/", **web).content.decode()
    for text in ("雷鳥のくらし", "山を歩く人", "山岳写真家", f"/records/{book.pk}/cover"):
        assert text not in page
    assert client.get(f"/records/{book.pk}/cover", **web).status_code == 404


@pytest.mark.req("F-CAT-024")
def test_a_word_of_the_table_of_contents_finds_the_book_and_the_place_is_shown(client) -> None:
    one = make.record("山の本", toc="第1章 北アルプス\n第2章 雷鳥のくらし")
    two = make.record("鳥の本", contents=["雷鳥をたずねて"])
    for record in (one, two):
        make.item(record)
    web = {"headers": {"host": "opac.kura-nagano.example"}}
    text = client.get("/", {"q": "雷鳥"}, **web).content.decode()
    assert "第2章 雷鳥のくらし" in text
    assert "雷鳥をたずねて" in text
    alone = client.get("/", {"q": "北アルプス"}, follow=True, **web).content.decode()
    assert "<mark>第1章 北アルプス</mark>" in alone
    assert "<mark>第2章" not in alone


@pytest.mark.req("F-CAT-031")
def test_a_digitized_map_opens_from_the_record_on_the_web(client) -> None:
    librarian = signed_in("librarian")
    book = make.record("善光寺絵図")
    make.item(book)
    address = f"/catalog/records/{book.pk}/details/"
    file = {"act": "digital", "label": "絵図の画像", "visibility": "public"}
    for _ in range(2):  # sent twice
        librarian.post(address, file | {"file": SimpleUploadedFile("map.png", PNG)})
    link = {"act": "digital", "label": "県のアーカイブ", "url": "https://archive.example.jp/1", "visibility": "public"}
    librarian.post(address, link)
    librarian.post(address, file | {"label": "職員用", "visibility": "staff", "file": SimpleUploadedFile("s.png", PNG)})
    web = {"headers": {"host": "opac.kura-nagano.example"}}
    page = client.get(f"/records/{book.pk}/", **web).content.decode()
    assert DigitalLink.objects.count() == 3
    kept = DigitalLink.objects.get(label="絵図の画像")
    assert f'href="/records/{book.pk}/digital/{kept.pk}"' in page
    assert 'href="https://archive.example.jp/1"' in page
    assert "職員用" not in page
    opened = client.get(f"/records/{book.pk}/digital/{kept.pk}", **web)
    assert (opened["Content-Type"], opened.content) == ("image/png", PNG)
    hidden = DigitalLink.objects.get(label="職員用")
    assert client.get(f"/records/{book.pk}/digital/{hidden.pk}", **web).status_code == 404
    librarian.post(address, {"act": "no_digital", "link": kept.pk})
    assert client.get(f"/records/{book.pk}/digital/{kept.pk}", **web).status_code == 404


@pytest.mark.parametrize(
    ("fields", "file", "what"),
    [
        ({"label": "a"}, None, "どちらか一方"),
        ({"label": "a", "url": "https://a.example/"}, PNG, "どちらか一方"),
        ({"label": "a"}, b"<script>", "画像"),
        ({"label": "a", "url": "javascript:alert(1)"}, None, "アドレス"),
        ({"label": "a"}, PNG + b"x" * details.LARGEST_FILE, "MBまで"),
    ],
)
def test_digital_copies_that_cannot_be_are_refused_in_words(fields: dict, file: bytes | None, what: str) -> None:
    with pytest.raises(CatalogError, match=what):
        details.put_digital(ME, make.record("本").pk, fields, file)
    assert not DigitalLink.objects.exists()


def test_what_was_typed_wrong_is_said_and_stays_on_the_page() -> None:
    librarian = signed_in("librarian")
    book = make.record("本")
    page = librarian.post(f"/catalog/records/{book.pk}/details/", {"act": "place", "parent": "999999"})
    assert (page.status_code, "書誌が見つかりません" in page.content.decode()) == (422, True)
    page = librarian.post(
        f"/catalog/records/{book.pk}/details/", {"act": "cover", "image": SimpleUploadedFile("a.png", b"no picture")}
    )
    assert "画像を選んでください" in page.content.decode()
    assert signed_in("counter").get(f"/catalog/records/{book.pk}/details/").status_code == 403


def test_contents_and_volumes_can_be_undone() -> None:
    book = make.record("本")
    details.put_contents(ME, book.pk, contents_of_lines("一\n二"))
    last = ChangeSet.objects.latest("pk")
    undoing.undo(ME, last.pk)
    assert not ContentsPart.objects.exists()
    assert CataloguePolicy.objects.count() == 0
