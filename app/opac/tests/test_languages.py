"""Every sentence of the public pages has its translations, and no page forgets to use them."""

import io
import re
import string
import unicodedata

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from app.branches.models import Branch
from app.catalog.models import BibliographicRecord, Item
from app.catalog.search import index
from app.holds.models import Hold
from app.opac.kids import GUIDE
from app.opac.tests.pages import addresses
from app.opac.tests.reading import words
from app.opac.texts import FOLDERS, LOCALE, in_template, sentences
from app.tests import make

KANA = re.compile("[ぁ-ゖァ-ヺ]")
JAPANESE = re.compile("[ぁ-ゖァ-ヺ一-鿿々]")
KANJI = re.compile("[一-鿿々]")
FOREIGN = ("en", "zh-hans", "ko")
# 学年別漢字配当表: the kanji of the first and the second year of school.
FIRST = (
    "一右雨円王音下火花貝学気九休玉金空月犬見五口校左三山子四糸字耳七車手十出女小上森人水正生青夕石赤千川先早草足村大男竹中虫町"
    "天田土二日入年白八百文木本名目立力林六"
)
SECOND = (
    "引羽雲園遠何科夏家歌画回会海絵外角楽活間丸岩顔汽記帰弓牛魚京強教近兄形計元言原戸古午後語工公広交光考行高黄合谷国黒今才細作"
    "算止市矢姉思紙寺自時室社弱首秋週春書少場色食心新親図数西声星晴切雪船線前組走多太体台地池知茶昼長鳥朝直通弟店点電刀冬当東答"
    "頭同道読内南肉馬売買麦半番父風分聞米歩母方北毎妹万明鳴毛門夜野友用曜来里理話"
)
# What a reader does: each of these pages is written for children.
CHILDRENS_PAGES = (
    "/", "/?q=Kokoro", "/?q=nothingofthekind", "/records/{record}/", "/records/{record}/hold/", "/my/sign-in/", "/my/",
    "/records/{record}/slip/", "/appearance/",
)  # fmt: skip


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    return sentences()


def catalogue(language: str) -> dict[str, str]:
    with (LOCALE / FOLDERS[language] / "LC_MESSAGES/django.po").open("rb") as file:
        return {message.id: message.string for message in read_po(file) if message.id}


def test_sentences_are_read_as_django_looks_them_up():
    text = "{% load i18n %}<p title=\"{% translate '本を探す' %}\">{% blocktranslate with n=a %}{{ n }}年で100%"
    text += '{% endblocktranslate %}{% include "x" with label=_("ほげ") %}'
    assert list(in_template(text)) == ["本を探す", "%(n)s年で100%%", "ほげ"]


@pytest.mark.req("F-OPA-024")
@pytest.mark.parametrize("language", FOREIGN)
def test_every_sentence_is_translated_and_none_is_left_over(said, language):
    texts = catalogue(language)
    missing = sorted(f"{said[text]}: {text}" for text in said if not texts.get(text))
    assert not missing, "python -m app.manage texts --update …:\n" + "\n".join(missing)
    assert not set(texts) - set(said), "said no more: python -m app.manage texts --update"


@pytest.mark.parametrize("language", FOLDERS)
def test_a_translation_names_the_same_values(language):
    def names(text: str) -> set[str]:
        return set(re.findall(r"%\((\w+)\)", text)) | {name for _, name, _, _ in string.Formatter().parse(text) if name}

    wrong = [text for text, other in catalogue(language).items() if other and not names(other) <= names(text)]
    assert not wrong


@pytest.mark.parametrize("language", FOREIGN)
def test_a_translation_is_in_its_own_script(language):
    script = KANA if language == "zh-hans" else JAPANESE
    # The advanced form names Japanese examples as they are typed.
    allowed = re.compile("令和|犬|こころ|夏目漱石")
    assert not [text for text, other in catalogue(language).items() if script.search(allowed.sub("", other))]


@pytest.mark.parametrize("language", FOLDERS)
def test_what_is_compiled_is_what_is_written(language):
    folder = LOCALE / FOLDERS[language] / "LC_MESSAGES"
    made = io.BytesIO()
    with (folder / "django.po").open("rb") as file:
        write_mo(made, read_po(file))
    assert made.getvalue() == (folder / "django.mo").read_bytes()


@pytest.fixture
def reader(db) -> Client:
    """A reader with a loan and a hold in a library whose data is in Latin letters, so that Japanese is the page's."""
    branch = Branch.objects.create(code="nagano", number=1, kind="main", name="Nagano", short="Nagano")
    record = BibliographicRecord.objects.create(
        title="Kokoro", title_reading="KOKORO", creators=["Soseki"], publisher="Iwanami", year=1914, issued="1914",
        ndc="913.6", isbn13="9784003101117", summary="A story.", toc="One\nTwo", language="eng",
    )  # fmt: skip
    other = BibliographicRecord.objects.create(title="Kokoro again", creators=["Soseki"])
    for barcode, of in (("20000001", record), ("20000002", other)):
        Item.objects.create(record=of, branch=branch, barcode=barcode, location="General", call_number="913.6")
    index([record.pk, other.pk])
    patron = make.patron(
        name="Hanako", branch=branch, must_change_password=False, password=make_password(make.PASSWORD)
    )
    Hold.objects.create(
        record=other,
        patron=patron,
        pickup=branch,
        route="web",
        contact="none",
        queue_at=timezone.now(),
        received_at=timezone.now(),
    )
    client = Client()
    assert (
        client.post("/my/sign-in/", {"card_number": patron.card_number, "password": make.PASSWORD}).status_code == 302
    )
    client.record = record.pk
    client.hold = Hold.objects.get().pk
    return client


def own_words(html: str) -> list[str]:
    """The page's own words; the name of the library stands in its title too."""
    return words(html, "長野市立図書館")


def every_page(client: Client, prefix: str) -> list[tuple[str, str]]:
    """Every public page that opens with the rows of these tests, as its path and its HTML."""
    values = {"record_id": client.record, "hold_id": client.hold, "code": "nagano", "prefix": "9", "token": "none"}
    values |= {"number": "1", "slug": "none"}
    paths = []
    for address in addresses():
        paths.append(address.path(values | {need: 1 for need in address.needs if need not in values}))
    found = []
    for path in (
        *paths,
        "/?q=Kokoro",
        "/?q=nothingofthekind",
        "/records/999/",
        f"/records/{client.record}/?issues=all",
    ):
        answer = client.get(prefix + path)
        if answer.status_code in (200, 404) and answer.headers.get("Content-Type", "").startswith("text/html"):
            found.append((path, answer.text))
    return found


@pytest.mark.req("F-OPA-024")
@pytest.mark.parametrize("language", FOREIGN)
def test_no_public_page_shows_an_untranslated_sentence(reader, language):
    script = KANA if language == "zh-hans" else JAPANESE
    pages = every_page(reader, f"/{language}")
    assert len(pages) > 25
    left = {f"{path}: {text}" for path, html in pages for text in own_words(html) if script.search(text)}
    assert not left, "\n".join(sorted(left))


@pytest.mark.req("F-OPA-024")
def test_search_and_hold_speak_three_languages(reader):
    record = reader.record
    for language, search, hold, place in (
        ("en", "Search", "Place a hold", "Pickup library"),
        ("zh-hans", "检索", "预约", "取书馆"),
        ("ko", "검색", "예약하기", "수령 도서관"),
    ):
        assert search in own_words(reader.get(f"/{language}/?q=Kokoro").text)
        said = own_words(reader.get(f"/{language}/records/{record}/hold/").text)
        assert hold in said
        assert place in said
        assert "予約する" not in said


def test_the_lists_of_kanji_are_whole():
    assert (len(set(FIRST)), len(set(SECOND)), len(set(FIRST + SECOND))) == (80, 160, 240)


@pytest.mark.req("F-OPA-015")
def test_children_read_only_kanji_of_the_first_two_years(reader):
    wrong = set()
    for path in CHILDRENS_PAGES:
        answer = reader.get("/kids" + path.format(record=reader.record))
        assert answer.status_code == 200, path
        for text in own_words(answer.text):
            strange = set(KANJI.findall(text)) - set(FIRST + SECOND)
            if strange:
                wrong.add(f"{path}: {text} ({''.join(sorted(strange))})")
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.req("F-OPA-015")
def test_children_choose_by_pictures_with_furigana_among_childrens_books(reader):
    page = reader.get("/kids/").text
    assert "<ruby>本<rp>(</rp><rt>ほん</rt><rp>)</rp></ruby>" in page
    for picture in GUIDE:
        assert f"/static/{picture.file}" in page
    assert page.count('name="material" value="') >= 3
    child = BibliographicRecord.objects.create(
        title="Usagi", title_reading="ウサギ", ndc="489", material_type="picture"
    )
    adult = BibliographicRecord.objects.create(title="Usagi no keizai", ndc="489", material_type="book")
    for number, record in enumerate((child, adult)):
        make.item(record=record, material_type=record.material_type, barcode=f"3000000{number}")
    second = BibliographicRecord.objects.create(title="Kame", ndc="487", material_type="child")
    make.item(record=second, material_type="child", barcode="30000009")
    index([child.pk, adult.pk, second.pk])
    animals = next(picture for picture in GUIDE if picture.name == "animals")
    found = reader.get("/kids" + animals.url).text
    assert "Usagi" in found
    assert "Kame" in found
    assert "keizai" not in found


def test_no_furigana_is_wrong_in_kind():
    """Readings are hiragana above kanji, and every mark is one that becomes ruby."""
    for text in catalogue("ja-kids").values():
        for base, reading in re.findall(r"(\w*)《([^》]*)》", text):
            assert base, text
            assert all(unicodedata.name(sign).startswith("HIRAGANA") for sign in reading), text
