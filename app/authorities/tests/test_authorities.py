"""Authorities: other forms lead to the heading, references lead on, merging loses nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from app.access.actions import NotPermitted
from app.audit.models import AuditEvent
from app.authorities import actions, queries, rules, tables
from app.authorities.models import Authority, Relation
from app.catalog import search
from app.catalog.actions import undoing
from app.catalog.models import ChangeSet
from app.catalog.tests import factories
from app.tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def librarian():
    return make.actor("librarian")


def subject(actor, heading, reading="", scheme="bsh", **more):
    values = {"kind": "topic", "scheme": scheme, "heading": heading, "reading": reading}
    return actions.put_authority(actor, values, **more)


def person(actor, heading, reading="", *forms, **more):
    values = {"kind": "person", "scheme": "ndla", "heading": heading, "reading": reading, **more}
    return actions.put_authority(actor, values, [{"text": text, "reading": r, "kind": "pen"} for text, r in forms])


@pytest.mark.req("F-CAT-011")
def test_every_form_of_a_name_gives_all_the_others(librarian, django_assert_num_queries):
    person(librarian, "内田百閒", "ウチダ, ヒャッケン", ("百鬼園", "ヒャッキエン"), romaji="Uchida, Hyakken")
    with django_assert_num_queries(2):
        found = queries.forms_of(["内田百閒", "百鬼園", "内田, 百閒", "誰も知らない"])
    assert found["内田百閒"] == ["ウチダ, ヒャッケン", "Uchida, Hyakken", "百鬼園", "ヒャッキエン"]
    assert "内田百閒" in found["百鬼園"]
    assert "百鬼園" in found["内田, 百閒"]
    assert "誰も知らない" not in found
    assert queries.forms_of([]) == {}


@pytest.mark.req("F-CAT-012")
def test_three_lists_stand_side_by_side_and_lead_on_in_every_direction(librarian):
    bsh, ndlsh, school = (subject(librarian, "図書館", "トショカン", scheme) for scheme in ("bsh", "ndlsh", "gakushu"))
    wide, narrow, near = subject(librarian, "文化施設"), subject(librarian, "学校図書館"), subject(librarian, "読書")
    for target, kind in ((wide, "broader"), (narrow, "narrower"), (near, "related")):
        actions.relate(librarian, bsh.pk, target.pk, kind)
    found = queries.neighbours(bsh.pk)
    assert [one.heading for one in found.broader] == ["文化施設"]
    assert [one.heading for one in found.narrower] == ["学校図書館"]
    assert [one.heading for one in found.related] == ["読書"]
    assert [one.heading for one in queries.neighbours(narrow.pk).broader] == ["図書館"]
    assert [one.heading for one in queries.neighbours(near.pk).related] == ["図書館"]
    assert {one.pk for one in queries.subjects_like(["図書館--日本"])} == {bsh.pk, ndlsh.pk, school.pk}
    assert {one.heading for one in queries.see_also(["図書館--日本"])} == {"文化施設", "学校図書館", "読書"}


@pytest.mark.req("F-CAT-012")
def test_from_see_also_one_walks_to_the_list_of_related_subjects(librarian):
    start, near = subject(librarian, "図書館"), subject(librarian, "読書")
    actions.relate(librarian, start.pk, near.pk, "related")
    browser = make.client("librarian")
    found = browser.get(reverse("authorities:index"), {"q": "図書", "group": "subjects", "scheme": "bsh"})
    link = reverse("authorities:show", args=[start.pk])
    assert link in found.content.decode()
    page = browser.get(link).content.decode()
    also = page[page.index("をも見よ</h2>") :]
    onward = reverse("authorities:show", args=[near.pk])
    assert onward in also
    there = browser.get(onward).content.decode()
    assert "<h1>読書" in there
    assert link in there[there.index("をも見よ</h2>") :]


def test_a_reference_round_in_a_circle_or_to_itself_is_refused(librarian):
    a, b, c = (subject(librarian, name) for name in ("甲", "乙", "丙"))
    actions.relate(librarian, a.pk, b.pk, "broader")
    actions.relate(librarian, b.pk, c.pk, "broader")
    with pytest.raises(actions.AuthorityError, match="ひと回り"):
        actions.relate(librarian, c.pk, a.pk, "broader")
    with pytest.raises(actions.AuthorityError):
        actions.relate(librarian, a.pk, a.pk, "related")
    with pytest.raises(actions.AuthorityError, match="件名と名称"):
        actions.relate(librarian, a.pk, person(librarian, "人").pk, "related")
    actions.relate(librarian, c.pk, b.pk, "related")
    assert Relation.objects.count() == 2
    actions.unrelate(librarian, b.pk, c.pk)
    assert Relation.objects.count() == 1


def test_two_become_one_with_all_forms_and_references(librarian):
    going = person(librarian, "夏目金之助", "ナツメ, キンノスケ", ("漱石山人", ""))
    staying = person(librarian, "夏目漱石", "ナツメ, ソウセキ")
    other = person(librarian, "正岡子規")
    actions.relate(librarian, going.pk, other.pk, "related")
    actions.relate(librarian, going.pk, staying.pk, "related")
    browser = make.client("librarian")
    url = reverse("authorities:merge", args=[going.pk])
    asked = browser.post(url, {"target": "夏目漱石"})
    assert "残るもの" in asked.content.decode()
    assert Authority.objects.filter(pk=going.pk).exists()
    done = browser.post(url, {"target": "夏目漱石", "sure": staying.pk})
    assert done.status_code == 302
    assert not Authority.objects.filter(pk=going.pk).exists()
    assert {"夏目金之助", "漱石山人"} <= set(queries.forms_of(["夏目漱石"])["夏目漱石"])
    assert [one.heading for one in queries.neighbours(staying.pk).related] == ["正岡子規"]
    assert AuditEvent.objects.filter(operation="authorities.edit", subject_id=str(staying.pk)).exists()
    merged = ChangeSet.objects.get(kind="heading")
    assert "夏目金之助" in browser.get(reverse("catalog:change_set", args=[merged.pk])).content.decode()
    assert browser.post(reverse("catalog:undo", args=[merged.pk])).status_code == 302
    back = Authority.objects.get(heading="夏目金之助")
    assert (back.pk, back.reading) == (going.pk, "ナツメ, キンノスケ")
    assert [form.text for form in back.forms.all()] == ["漱石山人"]
    assert {one.heading for one in queries.neighbours(back.pk).related} == {"夏目漱石", "正岡子規"}
    assert not staying.forms.exists()
    assert [one.heading for one in queries.neighbours(staying.pk).all] == ["夏目金之助"]
    bsh, ndlsh = subject(librarian, "猫"), subject(librarian, "ネコ", scheme="ndlsh")
    with pytest.raises(actions.AuthorityError, match="をも見よ"):
        actions.merge(librarian, bsh.pk, ndlsh.pk)


def test_an_authority_is_made_and_corrected_by_screen_and_a_second_editor_is_told(librarian):
    browser = make.client("librarian")
    sent = {"kind": "person", "scheme": "own", "heading": "江戸川乱歩", "reading": "エドガワ",
            "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 0,
            "form-0-text": "平井太郎", "form-0-kind": "real"}  # fmt: skip
    assert browser.post(reverse("authorities:new"), sent).status_code == 302
    row = Authority.objects.get()
    assert [form.text for form in row.forms.all()] == ["平井太郎"]
    again = browser.post(reverse("authorities:new"), sent)
    assert again.status_code == 422
    assert "すでに" in again.content.decode()
    url = reverse("authorities:edit", args=[row.pk])
    seen = browser.get(url).context["seen"]
    actions.put_authority(librarian, {"note": "推理作家"}, authority_id=row.pk)
    late = browser.post(url, sent | {"note": "別の注記", "seen": seen})
    assert late.status_code == 409
    assert "推理作家" in late.content.decode()
    assert browser.post(reverse("authorities:delete", args=[row.pk])).status_code == 302
    assert not Authority.objects.exists()


def test_the_counter_looks_but_does_not_touch():
    counter = make.client("counter")
    assert counter.get(reverse("authorities:index"), {"q": "ナ"}).status_code == 200
    assert counter.get(reverse("authorities:new")).status_code == 403
    with pytest.raises(NotPermitted):
        actions.put_authority(make.actor("counter"), {"kind": "person", "heading": "x"})


TABLE = """一覧,種類,統一形,ヨミ,を見よ,上位,下位,関連,NDC
BSH,普通件名,図書館,トショカン,ライブラリー;図書室,文化施設,学校図書館,読書,010
BSH,普通件名,文化施設,ブンカ シセツ,,,,,
BSH,普通件名,学校図書館,ガッコウ トショカン,,,,,017
BSH,普通件名,読書,ドクショ,,,,,019
"""


@pytest.mark.req("F-CAT-012")
def test_a_table_of_headings_is_taken_in_with_its_references_and_again_without_change(librarian):
    browser = make.client("librarian")
    for expected in ("4件を登録し", "0件を登録し、0件"):
        file = SimpleUploadedFile("bsh.csv", TABLE.encode("utf-8-sig"))
        page = browser.post(reverse("authorities:table"), {"file": file}, follow=True)
        assert expected in page.content.decode()
    library = Authority.objects.get(heading="図書館")
    assert [form.text for form in library.forms.all()] == ["ライブラリー", "図書室"]
    assert [one.heading for one in queries.neighbours(library.pk).all] == ["文化施設", "読書", "学校図書館"]
    lost = SimpleUploadedFile("x.csv", "統一形,上位\n猫,哺乳類\n".encode())
    wrong = browser.post(reverse("authorities:table"), {"file": lost})
    assert wrong.status_code == 422
    assert "2行目: 「哺乳類」" in wrong.content.decode()
    assert not Authority.objects.filter(heading="猫").exists()


def test_a_merge_on_which_another_stands_is_not_undone_and_a_lone_one_is_found_again(librarian):
    book = factories.record("坊っちゃん", creators=["夏目金之助"])
    going, staying = person(librarian, "夏目金之助"), person(librarian, "夏目漱石", by_staff=True)
    actions.merge(librarian, going.pk, staying.pk)
    first = ChangeSet.objects.get(kind="heading")
    assert [hit.record_id for hit in search.search(search.Query(text="夏目漱石")).hits] == [book.pk]
    last = person(librarian, "漱石")
    actions.merge(librarian, staying.pk, last.pk)
    second = ChangeSet.objects.filter(kind="heading").latest("pk")
    with pytest.raises(undoing.UndoRefused) as refused:
        undoing.undo(librarian, first.pk)
    assert {one.later for one in refused.value.obstacles} == {second.pk}
    undoing.undo(librarian, second.pk)
    actions.put_authority(librarian, {"note": "小説家"}, authority_id=staying.pk)  # no column that the merge changed
    undoing.undo(librarian, first.pk)
    assert Authority.objects.get(pk=staying.pk).note == "小説家"
    assert not search.search(search.Query(text="夏目漱石")).hits
    with pytest.raises(NotPermitted):
        undoing.undo(make.actor("counter"), first.pk)


def test_a_table_is_looked_at_first_and_goes_back_as_one_unless_somebody_went_on(librarian):
    library = subject(librarian, "図書館")
    browser, url = make.client("librarian"), reverse("authorities:table")

    def sent(**more):
        return browser.post(url, {"file": SimpleUploadedFile("bsh.csv", TABLE.encode()), **more})

    page = sent(preview="1").content.decode()
    assert "登録3件、書き足し1件、新しい参照3件" in page
    assert "<ins>トショカン</ins>" in page
    assert "<ins>普通件名</ins>" in page
    assert [one.heading for one in Authority.objects.all()] == ["図書館"]
    assert not ChangeSet.objects.exists()
    assert not AuditEvent.objects.filter(detail__has_key="made").exists()
    sent()
    taken = ChangeSet.objects.get(kind="import")
    reading = Authority.objects.get(heading="読書")
    actions.put_authority(librarian, {"reading": "ドクショ カツドウ"}, authority_id=reading.pk)
    refused = browser.post(reverse("catalog:undo", args=[taken.pk]))
    assert (refused.status_code, "読書: ヨミがその後に変わりました" in refused.content.decode()) == (409, True)
    assert Authority.objects.count() == 4
    actions.put_authority(librarian, {"reading": "ドクショ"}, authority_id=reading.pk)
    other = subject(librarian, "貸出")
    actions.relate(librarian, other.pk, reading.pk, "related")
    with pytest.raises(undoing.UndoRefused) as hanging:
        undoing.undo(librarian, taken.pk)
    assert [(one.label, one.why) for one in hanging.value.obstacles] == [("読書", "参照で使われています")]
    actions.unrelate(librarian, other.pk, reading.pk)
    undoing.undo(librarian, taken.pk)
    assert {one.heading for one in Authority.objects.all()} == {"図書館", "貸出"}
    library.refresh_from_db()
    assert (library.reading, library.ndc, library.forms.count()) == ("", "", 0)
    assert not Relation.objects.exists()


def test_every_wrong_reference_of_a_table_is_named_and_nothing_is_taken(librarian):
    rows = tables.read(["統一形,上位\n", "猫,哺乳類\n", "犬,猫\n", "猫2,犬;狼\n"])
    with pytest.raises(actions.AuthorityError, match=r"2行目: 「哺乳類」.* 4行目: 「狼」"):
        actions.take_table(librarian, rows)
    assert not Authority.objects.exists()


@pytest.mark.parametrize("text", ["", "何か,別\n1,2\n", "統一形\n猫,犬\n", "統一形,一覧\n猫,ない一覧\n"])
def test_a_table_that_cannot_be_read_says_why(text):
    with pytest.raises(tables.BadTable):
        tables.read(text.splitlines(keepends=True))


def test_names_are_compared_without_width_kana_and_punctuation():
    assert rules.key("夏目, 漱石") == rules.key("夏目　漱石") == rules.key("夏目漱石")
    assert rules.key("Ｎatsume Sōseki") == rules.key("natsume sōseki")
    assert rules.key("なつめ") == rules.key("ナツメ")
    assert rules.key("---")
    assert rules.heads("電子書籍--日本") == ["電子書籍--日本", "電子書籍"]
