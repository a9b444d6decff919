"""Grams: what a text is listed under covers every needle that it contains; bitmaps are what PostgreSQL reads."""

import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.search import grams, store
from app.catalog.search.fold import folded
from app.catalog.search.postings import CHUNK, Lists, container

ALPHABET = "日本歴史ノカナ猫 abc12\U0002543a"
LONG = frozenset(
    gram
    for text in ("\n日本ノ歴史\n", "\nカナカナカナ\n", "\n abc 12 日本 \n")
    for gram in grams.long_grams(text)
    if len(gram) < 9
)


@given(st.lists(st.text(ALPHABET, max_size=12), max_size=4), st.text(ALPHABET, min_size=1, max_size=8), st.booleans())
def test_a_text_is_listed_under_every_gram_of_every_needle_in_it(values: list[str], part: str, known: bool) -> None:
    dictionary = LONG if known else frozenset()
    text = grams.lines(grams.spaced(folded(value)) for value in values)
    listed = grams.of_text(text, dictionary) if text else set()
    for match in ("part", "prefix", "exact"):
        wanted = grams.needle(folded(part), match)
        if not wanted:
            continue
        pieces, begun, exact = grams.cover(wanted, set(dictionary) & grams.long_grams(wanted))
        found = set(pieces) <= listed and (not begun or any(gram.startswith(begun) for gram in listed))
        if wanted in text:
            assert found
        elif found:
            assert not exact


@given(st.lists(st.text(ALPHABET, min_size=1, max_size=10), min_size=1, max_size=3), st.data())
def test_a_part_of_a_value_is_found_in_it(values: list[str], data: st.DataObject) -> None:
    text = grams.lines(grams.spaced(folded(value)) for value in values)
    japanese = [value for value in text.split("\n") if value and " " not in value]
    if japanese:
        value = data.draw(st.sampled_from(japanese))
        start = data.draw(st.integers(0, len(value) - 1))
        wanted = grams.needle(value[start:], "part")
        assert wanted in text
        assert set(grams.cover(wanted, set())[0]) <= grams.of_text(text, frozenset())


def test_words_of_latin_letters_are_whole_and_prefixes_are_not() -> None:
    text = grams.lines([grams.spaced(folded("The art of Japan 1984年"))])
    assert grams.needle("art", "part") in text
    assert grams.needle("ar", "part") not in text
    assert grams.needle("the ar", "prefix") in text
    assert grams.needle("art of", "part") in text
    assert grams.needle(folded("1984年"), "part") in text
    assert grams.needle("98", "part") not in text


def test_the_dictionary_has_what_is_frequent_and_not_listed_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grams, "FREQUENT", 10)
    texts = [(grams.lines(["日本ノ歴史", "カナ"]), grams.lines([grams.spaced("history of art")]))] * 12
    texts += [(grams.lines([f"猫{number}犬猫犬"]), "") for number in range(5)]
    found = grams.dictionary(texts, len(texts))
    assert {"日本ノ", "日本ノ歴史", "\n日本ノ歴", "history of", "history of art", "\nカナ\n"} <= found
    assert not {"日本", "\nカ", "犬猫犬", "history", "猫"} & found


@pytest.mark.parametrize("match", ["part", "prefix", "exact"])
def test_a_frequent_name_in_kana_is_proven_without_reading_texts(match: str) -> None:
    """Of 3.65 million records thirty thousand may bear a name: to look at so many texts takes half a second."""
    text = grams.lines(["タカハシマユミ"])
    known = grams.dictionary([(text,)] * grams.FREQUENT, grams.FREQUENT)
    wanted = grams.needle("タカハシマユミ", match)
    assert grams.cover(wanted, set(known)) == ([wanted], "", True)
    assert wanted in grams.of_text(text, known)


@pytest.mark.django_db
def test_bitmaps_are_read_by_the_database_as_they_were_written() -> None:
    draw = random.Random(1)
    wanted = {
        "few": sorted(draw.sample(range(5 * CHUNK), 300)),
        "dense": list(range(CHUNK - 10, 2 * CHUNK + 5000)),
        "edge": [0, CHUNK - 1, CHUNK, 4 * CHUNK],
        "half": sorted(draw.sample(range(CHUNK), 4097)),
        "most": sorted(draw.sample(range(CHUNK), 4096)),
    }
    members = {key: set(numbers) for key, numbers in wanted.items()}
    lists = Lists()
    for number in range(5 * CHUNK):
        keys = [key for key, numbers in members.items() if number in numbers]
        if keys:
            lists.put(number, keys)
    for key, count, docs in lists.sorted():
        found = store.binary(
            "SELECT rb_cardinality(b), rb_to_array(b) FROM (SELECT %(docs)b::roaringbitmap AS b) AS x", {"docs": docs}
        )
        assert found[0] == (count, wanted[key])


def test_a_container_is_as_short_as_it_can_be() -> None:
    assert len(container(array("H", range(4096)))) == 8192
    assert len(container(array("H", range(10)))) == 20
    assert len(container(array("H", range(60_000)))) == 8192
