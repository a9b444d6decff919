"""The catalogue follows its authorities: any form finds the works, edits are found at once, headings come from MARC."""

import html
import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import app.demo
from app.authorities import actions as authorities
from app.authorities.models import Authority
from app.catalog.actions import following
from app.catalog.jobs import gather
from app.catalog.models import BibliographicRecord
from app.catalog.search import Query, search
from app.catalog.tests import factories
from app.exchange.actions import import_marc
from app.tests import make

pytestmark = pytest.mark.django_db
MARC = Path(app.demo.__file__).parent / "data" / "japan-marc-33.mrc"


def titles(text: str) -> set[str]:
    ids = [hit.record_id for hit in search(Query(text=text)).hits]
    return set(BibliographicRecord.objects.filter(pk__in=ids).values_list("title", flat=True))


def name(heading, reading, *forms, **more):
    values = {"kind": "person", "scheme": "ndla", "heading": heading, "reading": reading}
    return authorities.put_authority(
        factories.CATALOGUER, values, [{"text": text, "kind": "pen"} for text in forms], **more
    )


@pytest.mark.req("F-CAT-011")
def test_a_pen_name_finds_the_works_under_the_heading_and_the_heading_those_under_the_pen_name():
    name("林不忘", "ハヤシ, フボウ", "谷譲次", "牧逸馬")
    factories.record("丹下左膳", "タンゲ サゼン", "林不忘", "ハヤシ フボウ")
    factories.record("テキサス無宿", "テキサス ムシュク", "谷譲次", "タニ ジョウジ")
    factories.record("別の人の本", "ベツ ノ ヒト ノ ホン", "林芙美子", "ハヤシ フミコ")
    for asked in ("谷譲次", "林不忘", "牧逸馬", "はやしふぼう"):
        assert titles(asked) == {"丹下左膳", "テキサス無宿"}, asked


@pytest.mark.req("F-CAT-011")
def test_an_edit_of_an_authority_is_found_at_once_in_staff_search_and_opac():
    record = factories.record("吾輩は猫である", "ワガハイ ワ ネコ デ アル", "夏目漱石", "ナツメ ソウセキ")
    assert titles("夏目金之助") == set()
    one = name("夏目漱石", "ナツメ, ソウセキ", "夏目金之助")
    assert titles("夏目金之助") == {"吾輩は猫である"}
    found = make.client("librarian").get(reverse("catalog:search"), {"q": "夏目金之助"}, follow=True)
    assert "吾輩は猫である" in found.content.decode()
    name("夏目漱石", "ナツメ, ソウセキ", "漱石山人", authority_id=one.pk)
    assert titles("夏目金之助") == set()
    assert titles("漱石山人") == {record.title}
    authorities.delete_authority(factories.CATALOGUER, one.pk)
    assert titles("漱石山人") == set()


@pytest.mark.req("F-CAT-012")
def test_a_see_from_form_of_a_subject_finds_what_stands_under_the_heading_with_subdivisions():
    values = {"kind": "topic", "scheme": "bsh", "heading": "自動車", "reading": "ジドウシャ"}
    factories.record("車の本", subjects=["自動車--日本"])
    authorities.put_authority(factories.CATALOGUER, values, [{"text": "カー", "kind": "variant"}])
    assert titles("カー") == {"車の本"}


@pytest.mark.req("F-CAT-012")
def test_readers_walk_from_a_record_to_the_related_subjects():
    actor, values = factories.CATALOGUER, {"kind": "topic", "scheme": "bsh"}
    car, road = (authorities.put_authority(actor, values | {"heading": heading}) for heading in ("自動車", "道路"))
    authorities.relate(actor, car.pk, road.pk, "related")
    record = factories.record("車の本", subjects=["自動車--日本"])
    other = factories.record("道の本", subjects=["道路"])
    for one in (record, other):
        factories.item(one)
    page = Client().get(f"/records/{record.pk}/").content.decode()
    related = page[page.index("関連する件名") :]
    link = html.unescape(re.search(r'<a href="([^"]+)">道路</a>', related).group(1))
    assert "道の本" in Client().get(link, follow=True).content.decode()


@pytest.mark.req("F-CAT-011")
def test_headings_of_the_national_bibliography_become_authorities_with_number_and_readings():
    actor = make.actor("admin")
    import_marc(actor, MARC.read_bytes(), MARC.name)
    ids = list(BibliographicRecord.objects.values_list("pk", flat=True))
    first = following.gather(actor, ids)
    assert first.made == Authority.objects.count() > 40
    person = Authority.objects.get(scheme="ndla", number="01215194")
    assert (person.heading, person.reading, person.romaji) == ("萩野正昭", "ハギノ マサアキ", "Hagino, Masaki")
    topic = Authority.objects.get(scheme="ndlsh", heading="電子書籍--日本")
    assert (topic.kind, topic.number) == ("topic", "001098682")
    assert following.gather(actor, ids).made == 0
    assert Authority.objects.count() == first.made
    Authority.objects.all().delete()
    call_command("gather_authorities")
    assert Authority.objects.count() == first.made
    # The night looks at what is new: nothing more comes of it.
    assert "0件作り" in gather(timezone.now())


def test_what_staff_corrected_stays_when_the_headings_come_again():
    actor = make.actor("admin")
    import_marc(actor, MARC.read_bytes(), MARC.name)
    ids = list(BibliographicRecord.objects.values_list("pk", flat=True))
    following.gather(actor, ids)
    person = Authority.objects.get(scheme="ndla", number="01215194")
    authorities.put_authority(actor, {"heading": "萩野 正昭", "reading": "ハギノ セイショウ"}, authority_id=person.pk)
    following.gather(actor, ids)
    person.refresh_from_db()
    assert (person.heading, person.reading) == ("萩野 正昭", "ハギノ セイショウ")
    assert [form.text for form in person.forms.all()] == ["萩野正昭"]
