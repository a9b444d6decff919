"""Whatever stands in an address of the search pages, the answer is a page, a record or a polite refusal.

KURA_FUZZ=20000 makes it a long run; by itself it is short.
"""

import os
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.catalog.tests import factories as make
from app.catalog.tests.test_pages import signed_in

pytestmark = pytest.mark.django_db
RUNS = settings(
    max_examples=int(os.environ.get("KURA_FUZZ", "80")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
NAMES = ("q", "f", "m", "t", "j", "scope", "material", "class", "branch", "from", "to", "language", "audience")
NAMES += ("available", "sort", "page", "name", "row", "unknown")
ODD = [
    "'; DROP TABLE catalog_item; --", "%", "_", "\\", '"', "((((((((((((", "))))", "\x00", "\ud800", "\udc00\ud800",
    "猫", "AND", "OR OR", "NOT NOT", "-", "- -猫", "書名:", "著者=:=", "分類:\x00", "出版年:-",
    "出版年:99999999999", "ISBN:", "{}", "%s", "%(t)s", "{0}", "\u202e", "\U000e0100", "a" * 10_000, "あ " * 5_000,
    '"' * 999, "(猫 OR " * 200, "😀", "🏳️‍🌈", "ﷺ" * 99, "9" * 400, "-1", "1e9", "२०२३", "R", "令和0", "令和999",
    "title", "exact", "all", "²", "Ⅷ",
    "⑳", "\n\r\t", "\ufeff", "nihon no", "soseki" * 9, "*", "**", "猫*", "*猫", "「「「", "」", "“”", "ー", "々々",
    "ヽヾ", "゛", "한", "ᄒ", "x:y:z",
]  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(ODD),
    st.lists(st.sampled_from(ODD), max_size=5).map(lambda parts: " ".join(parts)[:12_000]),
    st.text(alphabet=st.characters(exclude_categories=()), max_size=60),
)
ADDRESSES = st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=8)
PAGES = ("/", "/advanced/", "/series/", "/browse/", "/browse/subjects/", "/suggest", "/en/", "/kids/", "/kiosk/")


@pytest.fixture
def shelf() -> None:
    """A few books, so that searches find something."""
    for title in ("猫の本", "犬の本", "AND OR", "令和の猫 (R5)", "%_\\"):
        make.item(make.record(title, "ネコ ノ ホン", "夏目漱石", "ナツメ ソウセキ", ndc="913.6", issued="2023"))


@pytest.fixture
def librarian() -> Client:
    return signed_in("librarian")


def query_of(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs, errors="surrogatepass")


@pytest.mark.req("F-OPA-001")
@RUNS
@given(page=st.sampled_from(PAGES), pairs=ADDRESSES)
def test_any_public_address_gives_a_page(shelf: None, page: str, pairs: list[tuple[str, str]]) -> None:
    answer = Client(headers={"host": "opac.kura-nagano.example"}).get(f"{page}?{query_of(pairs)}")
    assert answer.status_code in (200, 302)
    assert not answer.cookies


@RUNS
@given(pairs=ADDRESSES)
def test_any_address_of_the_staff_search_gives_a_page(
    shelf: None, librarian: Client, pairs: list[tuple[str, str]]
) -> None:
    assert librarian.get(f"/catalog/?{query_of(pairs)}").status_code in (200, 302)


@RUNS
@given(prefix=TEXTS)
def test_any_class_to_browse_gives_a_page_or_a_polite_refusal(shelf: None, prefix: str) -> None:
    name = prefix.encode("utf-8", "surrogatepass")[:200]
    assert Client(headers={"host": "opac.kura-nagano.example"}).get(f"/browse/{quote(name)}/").status_code in (200, 404)


@pytest.mark.parametrize("raw", ["%FF%FE", "%00", "%ED%A0%80", "%", "%u0041", "%E3%81", "a" * 8000, "&&&=&=", "q[]=1"])
def test_broken_bytes_in_the_address_give_a_page(shelf: None, raw: str) -> None:
    for page in PAGES:
        assert Client(headers={"host": "opac.kura-nagano.example"}).get(f"{page}?q={raw}").status_code in (200, 302)
