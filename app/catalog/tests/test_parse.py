"""What a reader types becomes a tree of terms; any string has a meaning or a polite notice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.search.parse import NOTHING, understand
from app.catalog.search.query import (
    LONGEST_TEXT,
    MOST_TERMS,
    AllOf,
    AnyOf,
    Node,
    Term,
    Without,
    asked_terms,
)
from app.catalog.search.romaji import MOST_SPELLINGS, kana_spellings

CAT, DOG, RAT = Term("猫"), Term("犬"), Term("鼠")


@pytest.mark.req("F-OPA-003")
@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("猫 犬", AllOf((CAT, DOG))),
        ("猫　犬", AllOf((CAT, DOG))),
        ("猫 AND 犬", AllOf((CAT, DOG))),
        ("猫 かつ 犬", AllOf((CAT, DOG))),
        ("猫 OR 犬", AnyOf((CAT, DOG))),
        ("猫 または 犬", AnyOf((CAT, DOG))),
        ("猫 ＯＲ 犬", AnyOf((CAT, DOG))),
        ("猫 NOT 犬", AllOf((CAT, Without(DOG)))),
        ("猫 のぞく 犬", AllOf((CAT, Without(DOG)))),
        ("猫 -犬", AllOf((CAT, Without(DOG)))),
        ("猫 −犬", AllOf((CAT, Without(DOG)))),
        ("猫 -(犬 OR 鼠)", AllOf((CAT, Without(AnyOf((DOG, RAT)))))),
        ("(猫 OR 犬) 鼠", AllOf((AnyOf((CAT, DOG)), RAT))),
        ("（猫 OR 犬） 鼠", AllOf((AnyOf((CAT, DOG)), RAT))),
        ("猫 OR 犬 鼠", AnyOf((CAT, AllOf((DOG, RAT))))),
        ('"猫 犬"', Term("猫 犬")),
        ("「猫 犬」鼠", AllOf((Term("猫 犬"), RAT))),
        ("猫*", Term("猫", "any", "prefix")),
        ("書名:猫", Term("猫", "title")),
        ("書名：猫", Term("猫", "title")),
        ("書名=猫", Term("猫", "title", "exact")),
        ("著者:(猫 犬)", AllOf((Term("猫", "author"), Term("犬", "author")))),
        ('件名:"猫 犬"', Term("猫 犬", "subject")),
        ("出版社:猫 シリーズ:犬", AllOf((Term("猫", "publisher"), Term("犬", "series")))),
        ("分類:913.6", Term("913.6", "class")),
        ("ISBN:4-06-203515-4", Term("9784062035156", "number")),
        ("4-06-203515-4", Term("9784062035156", "number")),
        ("出版年:令和5", Term("2023", "year")),
        ("出版年:R1-R5", Term("2019-2023", "year")),
        ("出版年:2020- 猫", AllOf((Term("2020-", "year"), CAT))),
    ],
)
def test_operators_fields_and_phrases_make_a_tree(text: str, node: Node) -> None:
    assert understand(text).node == node


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("AND", {"and"}),
        ("または", {"マタハ"}),
        ("-30℃の世界", {"30", "cノ世界"}),
        ("NOT 猫", {"not", "猫"}),
        ("猫 OR", {"猫"}),
        ("OR 猫", {"猫"}),
        ("((猫", {"猫"}),
        ("猫))) 犬", {"猫", "犬"}),
        ('"猫', {"猫"}),
        ("「猫", {"猫"}),
        ("書名:", {"書名"}),
        ("書名: AND 猫", {"猫"}),
        ("NOT NOT 猫 犬", {"犬"}),
        ("Q&A", {"q", "a"}),
        ("とんかつ またはる", {"トンカツ", "マタハル"}),
        ("TO BE OR NOT TO BE", {"to", "be"}),
    ],
)
def test_what_does_not_fit_is_taken_as_words(text: str, words: set[str]) -> None:
    assert set(understand(text).words) == words


def test_the_phrase_for_the_order_is_the_text_without_operators() -> None:
    assert understand("夏目漱石「こころ」").phrase == "夏目漱石ココロ"
    assert understand("書名:こころ -子ども").phrase == "ココロ"
    assert "or" in understand("OR").phrase
    assert understand("natsume soseki").also[-1] == "ナツメソウセキ"


def test_nothing_to_search_for_is_said_politely() -> None:
    assert understand("!?!").notice == NOTHING
    assert understand("!?!").node is None
    assert understand("  ").notice == ""
    assert "はじめの" in understand("猫" * (LONGEST_TEXT + 1)).notice
    assert "はじめの" in understand(" ".join(f"あ{n}" for n in range(MOST_TERMS + 1))).notice


@pytest.mark.parametrize(
    ("word", "kana"),
    [
        ("natsume", "ナツメ"),
        ("soseki", "ソウセキ"),
        ("souseki", "ソウセキ"),
        ("tokyo", "トウキョウ"),
        ("osaka", "オオサカ"),
        ("shinbun", "シンブン"),
        ("shimbun", "シンブン"),
        ("kekkon", "ケッコン"),
        ("matcha", "マッチャ"),
        ("zyosei", "ジョセイ"),
        ("chuou", "チュウオウ"),
        ("genji", "ゲンジ"),
    ],
)
def test_romaji_is_read_as_kana(word: str, kana: str) -> None:
    assert kana in kana_spellings(word)
    assert len(kana_spellings(word)) <= MOST_SPELLINGS


@pytest.mark.parametrize("word", ["i", "no", "it", "1984", "online", "the", "library", "q", "kokoro2"])
def test_other_words_are_not_read_as_kana(word: str) -> None:
    assert kana_spellings(word) == []


def test_short_words_are_read_as_kana_only_beside_other_romaji() -> None:
    assert "ニホンノレキシ" in understand("nihon no rekishi").also
    assert understand("no").node == Term("no")
    assert "ノ" not in str(understand("no limits").node)


def depth_of(node: Node | None) -> int:
    if isinstance(node, AllOf | AnyOf):
        return 1 + max(depth_of(part) for part in node.parts)
    return 1 + depth_of(node.part) if isinstance(node, Without) else 0


PIECES = st.sampled_from(
    ["猫", "犬", "AND", "OR", "NOT", "(", ")", '"', "「", "」", "-", "書名:", "著者=", "年:", "分類:", "ISBN:", "*",
     " ", "　", "R5", "2020-", "natsume", "\x00", "\ud800", "😀", "*", ":", "=", "\ue000"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(alphabet=st.characters(exclude_categories=()), max_size=300), st.lists(PIECES).map("".join)))
def test_any_string_has_a_meaning_or_a_notice(text: str) -> None:
    understood = understand(text)
    assert (understood.node is None) == (not any(True for _ in asked_terms(understood.node)))
    assert understood.node is not None or understood.notice or not text.strip()
    assert depth_of(understood.node) < 30
    for term in asked_terms(understood.node):
        assert term.text
        assert "\x00" not in term.text
        assert "\ue000" not in term.text
