"""The list of results: narrowing, orders, operators, addresses, what is said when nothing was found."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from app.catalog.models import BibliographicRecord
from app.catalog.tests import factories as make
from app.circulation.models import Loan
from app.patrons.models import Patron, PatronCard, PatronCategory

pytestmark = pytest.mark.django_db
HOST = {"headers": {"host": "opac.kura-nagano.example"}}


@pytest.fixture
def reader() -> Client:
    return Client(**HOST)


def listed(reader: Client, **asked: object) -> list[str]:
    """The titles of a list of results, in their order; a single result is its record's page."""
    answer = reader.get("/", asked)
    if answer.status_code == 302:
        answer = reader.get(answer["Location"])
        return [answer.context["record"].title]
    return [line.record.title for line in answer.context["lines"]] if "lines" in answer.context else []


def total(reader: Client, url: str) -> int:
    """How many records an address of a list finds."""
    answer = reader.get(f"/{url}")
    return 1 if answer.status_code == 302 else answer.context["result"].total


@pytest.fixture
def shelf() -> dict[str, BibliographicRecord]:
    """Books that differ in what can be asked for."""
    nagano, nanbu = make.branch(), make.branch("nanbu", 2, "南部図書館")
    rows = [
        ("日本の歴史", "ニホン ノ レキシ", "網野善彦", "アミノ ヨシヒコ", "210.1", "2000", "講談社", nagano),
        (
            "日本の歴史入門",
            "ニホン ノ レキシ ニュウモン",
            "佐藤信",
            "サトウ マコト",
            "210.1",
            "2023",
            "岩波書店",
            nanbu,
        ),
        ("歴史とは何か", "レキシ トワ ナニカ", "カー", "カー", "201", "1962", "岩波書店", nagano),
        ("長野の歴史", "ナガノ ノ レキシ", "網野善彦", "アミノ ヨシヒコ", "215.2", "2023", "信濃毎日新聞社", nagano),
        ("信州の昔話", "シンシュウ ノ ムカシバナシ", "宮田登", "ミヤタ ノボル", "388.1", "1998", "講談社", nanbu),
    ]
    made = {}
    for title, reading, creator, creator_reading, ndc, issued, publisher, branch in rows:
        more = {"subjects": ["日本--歴史"]} if title.startswith("日本") else {}
        record = make.record(
            title, reading, creator, creator_reading, ndc=ndc, issued=issued, publisher=publisher, **more
        )
        make.item(record, branch)
        made[title] = record
    make.record(
        "日本の歴史 別巻", "ニホン ノ レキシ ベッカン", "網野善彦", "アミノ ヨシヒコ", ndc="210.1", issued="2001"
    )
    return made


@pytest.mark.req("F-OPA-001")
def test_one_box_searches_title_author_subject_and_contents_together(reader: Client) -> None:
    make.item(make.record("町の記憶", "マチ ノ キオク", subjects=["長野県--歴史"]))
    make.item(make.record("古地図を読む", "コチズ オ ヨム", contents=["長野の歴史"]))
    make.item(make.record("歴史散歩", "レキシ サンポ", "長野太郎", "ナガノ タロウ"))
    make.item(make.record("長野の花", "ナガノ ノ ハナ"))
    assert set(listed(reader, q="長野 歴史")) == {"町の記憶", "古地図を読む", "歴史散歩"}


@pytest.mark.req("F-OPA-002")
def test_five_conditions_together_leave_the_expected_titles(reader: Client, shelf: dict) -> None:
    branch = shelf["日本の歴史"].items.get().branch_id
    asked = {"f": ["title", "author"], "t": ["歴史", "網野善彦"], "m": ["part", "exact"], "j": ["and", "and"]}
    assert set(listed(reader, **asked)) == {"日本の歴史", "長野の歴史"}
    asked |= {"class": "2", "branch": branch, "material": "book", "from": "平成12", "to": "R5"}
    assert set(listed(reader, **asked)) == {"日本の歴史", "長野の歴史"}
    assert listed(reader, **(asked | {"class": "21", "from": "2001"})) == ["長野の歴史"]
    assert listed(reader, **(asked | {"class": "9"})) == []


@pytest.mark.req("F-OPA-002")
@pytest.mark.parametrize(
    ("field", "text", "found"),
    [
        ("title", "にほんのれきし", {"日本の歴史", "日本の歴史入門"}),
        ("author", "アミノ", {"日本の歴史", "長野の歴史"}),
        ("publisher", "講談社", {"日本の歴史", "信州の昔話"}),
        ("subject", "日本", {"日本の歴史", "日本の歴史入門"}),
        ("class", "210", {"日本の歴史", "日本の歴史入門"}),
        ("any", "岩波", {"歴史とは何か", "日本の歴史入門"}),
    ],
)
def test_a_row_of_the_form_looks_into_its_field(reader: Client, shelf: dict, field: str, text: str, found: set) -> None:
    assert set(listed(reader, f=field, t=text)) == found


@pytest.mark.req("F-OPA-002")
def test_the_form_shows_again_what_was_asked(reader: Client, shelf: dict) -> None:
    asked = {
        "f": ["title", "author"],
        "t": ["歴史", "網野"],
        "m": ["prefix", "part"],
        "j": ["and", "not"],
        "from": "R5",
    }
    page = reader.get("/advanced/", asked)
    html = page.content.decode()
    assert [row.text for row in page.context["rows"]][:2] == ["歴史", "網野"]
    assert html.count('<option value="not" selected>') == 1
    assert 'value="2023"' in html
    assert 'hreflang="zh-Hans"' in html
    assert not page.cookies


@pytest.mark.req("F-OPA-003")
def test_three_kinds_of_match_give_different_counts(reader: Client, shelf: dict) -> None:
    counts = [
        len(listed(reader, f="title", t="日本の歴史", m=match, scope="all")) for match in ("part", "prefix", "exact")
    ]
    assert listed(reader, f="title", t="歴史", m="part", scope="all") != []
    assert counts == [3, 3, 1]
    assert len(listed(reader, f="title", t="歴史", m="part", scope="all")) == 5
    assert listed(reader, f="title", t="歴史", m="prefix", scope="all") == ["歴史とは何か"]
    assert listed(reader, f="title", t="歴史", m="exact", scope="all") == []


@pytest.mark.req("F-OPA-003")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("歴史 AND 日本", {"日本の歴史", "日本の歴史入門"}),
        ("長野 OR 信州", {"長野の歴史", "信州の昔話"}),
        ("歴史 NOT 日本", {"歴史とは何か", "長野の歴史"}),
        ("歴史 のぞく 日本", {"歴史とは何か", "長野の歴史"}),
        ("歴史 -日本 -長野", {"歴史とは何か"}),
        ("(長野 または 信州) 歴史", {"長野の歴史"}),
        ('"歴史入門"', {"日本の歴史入門"}),
        ("著者:網野 -長野", {"日本の歴史"}),
    ],
)
def test_and_or_not_in_the_box(reader: Client, shelf: dict, text: str, found: set) -> None:
    assert set(listed(reader, q=text)) == found


@pytest.mark.req("F-OPA-003")
def test_rows_are_joined_with_and_or_not(reader: Client, shelf: dict) -> None:
    rows = {"f": ["title", "author"], "t": ["歴史", "網野善彦"], "m": ["part", "part"]}
    assert set(listed(reader, **rows, j=["and", "and"])) == {"日本の歴史", "長野の歴史"}
    assert set(listed(reader, **rows, j=["and", "not"])) == {"日本の歴史入門", "歴史とは何か"}
    rows["t"] = ["歴史", "宮田"]
    assert len(listed(reader, **rows, j=["and", "or"])) == 5


def offered(page: object) -> Iterator[tuple[str, str, int, str]]:
    """Every value offered for narrowing: its group, label, count and address."""
    for group in page.context["groups"]:
        for value in (*group.values, *group.more):
            yield group.name, str(value.label), value.count, value.url


@pytest.mark.req("F-OPA-004")
def test_every_count_beside_the_list_is_what_following_it_finds(reader: Client, shelf: dict) -> None:
    make.item(shelf["日本の歴史"], make.branch("nanbu", 2, "南部図書館"))
    lend_out(shelf["長野の歴史"])
    page = reader.get("/", {"q": "歴史"})
    seen = set()
    for group, label, count, url in offered(page):
        assert total(reader, url) == count, (group, label)
        seen.add(group)
        # One step further: what is offered there is true as well.
        further = reader.get(f"/{url}")
        if further.status_code == 200:
            for inner, name, number, address in offered(further):
                assert total(reader, address) == number, (group, label, inner, name)
    assert seen >= {"available", "branch", "material", "ndc", "decade", "author", "language"}


@pytest.mark.req("F-OPA-004")
def test_available_now_follows_the_counter(reader: Client, shelf: dict) -> None:
    assert len(listed(reader, q="歴史", available="1")) == 4
    lend_out(shelf["長野の歴史"])
    assert set(listed(reader, q="歴史", available="1")) == {"日本の歴史", "日本の歴史入門", "歴史とは何か"}
    Loan.objects.all().delete()
    assert len(listed(reader, q="歴史", available="1")) == 4


def lend_out(record: BibliographicRecord) -> None:
    """Every item of the record is on loan."""
    today = timezone.localdate()
    patron = Patron.objects.create(
        card_number="1000000016",
        name="長野 花子",
        kana="ナガノ ハナコ",
        branch=make.branch(),
        category=PatronCategory.objects.get(code="general"),
        registered_on=today,
        valid_until=today + timedelta(days=100),
    )
    PatronCard.objects.create(number=patron.card_number, patron=patron, since=today)
    for item in record.items.all():
        Loan.objects.create(
            item=item, patron=patron, branch=item.branch, lent_at=timezone.now(), due_on=today + timedelta(days=7)
        )


def test_a_condition_can_be_taken_back(reader: Client, shelf: dict) -> None:
    page = reader.get("/", {"q": "歴史", "class": "21", "from": "2000", "f": "publisher", "t": "講談社 信濃"})
    chips = {str(chip.label): chip.url for chip in page.context["chips"]}
    assert any("日本史" in label for label in chips)
    assert any("2000年(平成12年)以降" in label for label in chips)
    for label, url in chips.items():
        assert total(reader, url) >= total(reader, "?" + page.request["QUERY_STRING"]), label


@pytest.mark.req("F-OPA-005")
@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("newest", {"日本の歴史入門", "長野の歴史"}),
        ("oldest", {"歴史とは何か"}),
        ("title", {"長野の歴史"}),
        ("author", {"日本の歴史", "長野の歴史"}),
        ("relevance", {"歴史とは何か"}),
    ],
)
def test_each_order_puts_its_first_first(reader: Client, shelf: dict, sort: str, first: set) -> None:
    assert listed(reader, q="歴史", sort=sort)[0] in first
    assert len(listed(reader, q="歴史", sort=sort)) == 4


@pytest.mark.req("F-OPA-005")
def test_the_newest_year_stands_first_and_every_order_is_offered(reader: Client, shelf: dict) -> None:
    page = reader.get("/", {"q": "歴史", "sort": "newest"})
    years = [line.record.year for line in page.context["lines"]]
    assert years == sorted(years, reverse=True)
    assert [name for name, _, _ in page.context["sorts"]] == [
        "relevance", "newest", "oldest", "title", "author", "popular", "arrived",
    ]  # fmt: skip
    for _, _, url in page.context["sorts"]:
        assert total(reader, url) == 4


@pytest.mark.req("F-OPA-006")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "日本の歴史 忍者"}, "日本の歴史"),
        ({"q": "網野善彦日本の歴史"}, "日本の歴史"),
        ({"q": "長野歴史"}, "長野の歴史"),
        ({"q": "長野の歴史", "from": "1900", "to": "1910"}, "長野の歴史"),
        ({"f": "title", "t": "網野善彦"}, "日本の歴史"),
        ({"q": "別巻"}, "日本の歴史 別巻"),
    ],
)
def test_when_nothing_is_found_other_ways_that_find_something_are_offered(
    reader: Client, shelf: dict, asked: dict, found: str
) -> None:
    page = reader.get("/", asked)
    assert "見つかりませんでした" in page.content.decode()
    proposals = page.context["proposals"]
    assert proposals
    for proposal in proposals:
        assert total(reader, proposal.url) == proposal.total > 0, proposal.label
    pages = [reader.get(f"/{proposal.url}", follow=True).content.decode() for proposal in proposals]
    assert any(found in html for html in pages)


@pytest.mark.req("F-OPA-006")
def test_near_titles_are_offered_for_a_reading_typed_wrong(reader: Client, shelf: dict) -> None:
    page = reader.get("/", {"q": "にほんのれきじ"})
    assert "日本の歴史" in [title for title, _ in page.context["titles"]]


@pytest.mark.req("F-OPA-006")
def test_five_titles_are_suggested_for_a_reading(reader: Client) -> None:
    for number in range(6):
        make.item(make.record(f"歴史散歩 {number}", "レキシ サンポ"))
    assert len(reader.get("/suggest", {"q": "れきし"}).json()["titles"]) >= 5
    assert reader.get("/suggest", {"q": "ﾚｷｼ ｻﾝ"}).json()["titles"]


@pytest.mark.req("F-GEN-015")
def test_a_single_result_opens_its_record(reader: Client, shelf: dict) -> None:
    item = shelf["信州の昔話"].items.get()
    for text in ("昔話", item.barcode, f"a{item.barcode}a"):
        answer = reader.get("/", {"q": text})
        assert (answer.status_code, answer["Location"]) == (302, f"/records/{shelf['信州の昔話'].pk}/"), text
    through = reader.get("/en/", {"q": "昔話"})
    assert through["Location"] == f"/en/records/{shelf['信州の昔話'].pk}/"


def test_what_is_not_public_is_opened_by_no_number(reader: Client) -> None:
    hidden = make.record("部内資料", "ブナイ シリョウ", visibility="staff")
    item = make.item(hidden)
    assert reader.get("/", {"q": item.barcode}).status_code == 200
    assert reader.get("/", {"q": "部内資料"}).status_code == 200
    assert "/records/" not in reader.get("/", {"q": "部内資料"}).content.decode()


@pytest.mark.req("F-CAT-003")
def test_every_word_of_the_divided_readings_finds_its_record(reader: Client, shelf: dict) -> None:
    for text in ("レキシ ニュウモン", "れきし にゅうもん", "サトウ マコト", "にほん さとう"):
        assert listed(reader, q=text) == ["日本の歴史入門"], text
    record = make.record("山", "ヤマ", publisher="銀河書房", publisher_reading="ギンガ ショボウ")
    make.item(record)
    assert listed(reader, q="ぎんが やま") == ["山"]
    assert record.title_reading == "ヤマ"


@pytest.mark.req("F-GEN-011")
def test_rare_kanji_hangul_and_simplified_chinese_are_kept_found_and_shown(reader: Client) -> None:
    rows = [
        ("𠮷田と髙﨑の本", "ヨシダ ト タカサキ ノ ホン", "髙﨑𠮷男", "タカサキ ヨシオ", "jpn"),
        ("한국의 역사", "", "김부식", "", "kor"),
        ("图书馆学概论", "", "吴慰慈", "", "chi"),
        ("㐂び𠀋太郎", "ヨロコビ ジョウタロウ", "", "", "jpn"),
    ]
    for title, reading, creator, creator_reading, language in rows:
        make.item(make.record(title, reading, creator, creator_reading, language=language))
    for text, title in (
        ("𠮷田", "𠮷田と髙﨑の本"),
        ("吉田と高崎", "𠮷田と髙﨑の本"),
        ("髙﨑", "𠮷田と髙﨑の本"),
        ("한국", "한국의 역사"),
        ("역사", "한국의 역사"),
        ("图书馆", "图书馆学概论"),
        ("図書館学", "图书馆学概论"),
        ("𠀋太郎", "㐂び𠀋太郎"),
    ):
        assert listed(reader, q=text) == [title], text
        page = reader.get("/", {"q": text}, follow=True).content.decode()
        assert title in page


@pytest.mark.req("F-GEN-012")
def test_every_writing_finds_as_many_and_says_so_on_the_page(reader: Client) -> None:
    for title, reading in (("ヴァイオリン入門", "ヴァイオリン ニュウモン"), ("バイオリンの本", "バイオリン ノ ホン")):
        make.item(make.record(title, reading))
    for title in ("圖書館の歴史", "図書館のしごと", "図書館・入門"):
        make.item(make.record(title))
    for number, writings in (
        (2, ("ヴァイオリン", "バイオリン", "ばいおりん", "ﾊﾞｲｵﾘﾝ")),
        (3, ("図書館", "圖書館", "图书馆")),
    ):
        for text in writings:
            assert len(listed(reader, q=text)) == number, text


@pytest.mark.req("F-OPA-009")
def test_names_on_a_record_lead_to_what_shares_them(reader: Client, shelf: dict) -> None:
    html = reader.get(shelf["日本の歴史"].get_absolute_url()).content.decode()
    links = {text: url.replace("&amp;", "&") for url, text in re.findall(r'<a href="([^"]+)">([^<]+)</a>', html)}
    followed = {name: reader.get(links[name], follow=True) for name in ("網野善彦", "日本--歴史", "210.1")}
    titles = {name: {line.record.title for line in page.context["lines"]} for name, page in followed.items()}
    assert titles["網野善彦"] == {"日本の歴史", "長野の歴史"}
    assert titles["日本--歴史"] == {"日本の歴史", "日本の歴史入門"}
    assert titles["210.1"] == {"日本の歴史", "日本の歴史入門"}


@pytest.mark.req("F-OPA-009")
def test_a_series_lists_every_part_in_the_order_of_the_parts(reader: Client) -> None:
    for number in (10, 2, 1, 11, 3):
        record = make.record(f"信州の自然 その{number}", "シンシュウ ノ シゼン", series=[f"信州叢書 ; 第{number}巻"])
        if number != 3:
            make.item(record)
    make.item(make.record("別の本", series=["信州叢書別集 ; 1"]))
    first = BibliographicRecord.objects.get(title__endswith="その1")
    html = reader.get(first.get_absolute_url()).content.decode()
    url = re.search(r'href="(/series/[^"]+)"', html)[1]
    lines = reader.get(url.replace("&amp;", "&")).context["lines"]
    parts = [line.record.title for line in lines if line.record.title.startswith("信州の自然")]
    assert parts == [f"信州の自然 その{number}" for number in (1, 2, 3, 10, 11)]


@pytest.mark.req("F-OPA-010")
def test_three_steps_lead_from_the_first_class_to_the_titles(reader: Client, shelf: dict) -> None:
    start = reader.get("/browse/").content.decode()
    assert 'href="/browse/2/"' in start
    second = reader.get("/browse/2/").content.decode()
    assert re.search(r'href="/browse/21/">21 日本史 <span class="count">3<', second)
    third = reader.get("/browse/21/").content.decode()
    url = re.search(r'href="([^"]+)">210 日本史[^<]*<span class="count">2<', third)[1]
    assert {line.record.title for line in reader.get(url).context["lines"]} == {"日本の歴史", "日本の歴史入門"}
    for address in ("/browse/x/", "/browse/2101/", "/browse/210/"):
        assert reader.get(address).status_code == 404


@pytest.mark.req("F-OPA-010")
def test_subjects_are_listed_by_their_reading_and_lead_to_titles(reader: Client, shelf: dict) -> None:
    from app.authorities.models import Authority

    for heading, reading in (("日本--歴史", "ニホン--レキシ"), ("図書館", "トショカン")):
        Authority.objects.create(kind="topic", scheme="ndlsh", heading=heading, key=heading, reading=reading)
    page = reader.get("/browse/subjects/", {"row": "ナ"})
    [(heading, _, url)] = page.context["headings"]
    assert heading == "日本--歴史"
    assert {line.record.title for line in reader.get(url).context["lines"]} == {"日本の歴史", "日本の歴史入門"}
    assert reader.get("/browse/subjects/", {"row": "x", "page": "-1"}).status_code == 200


def test_one_result_has_one_address(reader: Client, shelf: dict) -> None:
    one = reader.get("/?q=歴史&scope=held&sort=relevance&page=1&class=2&from=R5")
    other = reader.get("/?from=2023&class=2&class=2&q=歴史&unknown=1")
    assert [value[3] for value in offered(one)] == [value[3] for value in offered(other)]
