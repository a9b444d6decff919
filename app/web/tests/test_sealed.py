"""Sealed values, their keys, and the look-ups over them."""

from datetime import date

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from app.patrons.models import Patron
from app.web import sealed

NEW = {"id": 2, "secret": "another-key-that-came-in-the-next-year"}
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)


@given(text=texts)
def test_a_sealed_text_opens_as_it_was_and_shows_nothing_of_itself(text):
    stored = sealed.seal(text, "a.b")
    assert sealed.unseal(stored, "a.b") == text
    assert len(stored) == sealed.HEADER + len(text.encode()) + 16
    assert len(text.encode()) < 4 or text.encode() not in stored


def test_equal_values_are_stored_differently_and_nothing_stays_nothing():
    assert sealed.seal("小林 花子", "a.b") != sealed.seal("小林 花子", "a.b")
    assert sealed.seal("", "a.b") == b""
    assert sealed.unseal(b"", "a.b") == ""


@given(place=st.integers(0, 200), bit=st.integers(0, 7))
def test_a_single_changed_bit_does_not_open(place, bit):
    stored = bytearray(sealed.seal("長野市鶴賀緑町1613番地", "a.b"))
    stored[place % len(stored)] ^= 1 << bit
    with pytest.raises(sealed.Unsealable):
        sealed.unseal(bytes(stored), "a.b")


def test_a_value_moved_to_another_column_does_not_open():
    stored = sealed.seal("026-224-0000", "patrons.patron.phone")
    with pytest.raises(sealed.Unsealable, match="another column"):
        sealed.unseal(stored, "patrons.patron.email")


def test_old_keys_read_the_first_key_writes_and_a_lost_key_is_named(settings):
    old = sealed.seal("小林 花子", "a.b")
    first = settings.FIELD_KEYS
    settings.FIELD_KEYS = [NEW, *first]
    assert sealed.unseal(old, "a.b") == "小林 花子"
    fresh = sealed.seal("小林 花子", "a.b")
    assert (sealed.key_of(old), sealed.key_of(fresh), sealed.key_of(b"")) == (1, 2, None)
    settings.FIELD_KEYS = [NEW]
    assert sealed.unseal(fresh, "a.b") == "小林 花子"
    with pytest.raises(sealed.Unsealable, match="key 1"):
        sealed.unseal(old, "a.b")


@pytest.mark.parametrize(
    "keys",
    [[], [{"id": 1, "secret": "short"}], [{"id": 0, "secret": "x" * 40}], [NEW, NEW]],
    ids=["none", "short", "id out of range", "twice"],
)
def test_an_unsound_ring_is_refused_before_anything_is_written(settings, keys):
    settings.FIELD_KEYS = keys
    with pytest.raises(ImproperlyConfigured):
        sealed.seal("x", "a.b")


@given(text=texts)
def test_a_blind_index_is_the_same_again_and_another_in_another_context(text):
    assert sealed.blind(text, "kana") == sealed.blind(text, "kana")
    assert sealed.blind(text, "kana") != sealed.blind(text, "phone")
    assert len(sealed.blind(text, "kana")) == 12


def test_a_blind_index_depends_on_its_secret(settings):
    before = sealed.blind("コバヤシ", "kana")
    settings.FIELD_INDEX_SECRET = "quite-another-secret-of-the-blind-indexes"
    assert sealed.blind("コバヤシ", "kana") != before
    settings.FIELD_INDEX_SECRET = ""
    with pytest.raises(ImproperlyConfigured):
        sealed.blind("コバヤシ", "kana")


def test_prefixes_are_the_blind_indexes_of_the_beginnings():
    assert sealed.prefixes("コバヤシ", "kana", 3) == [sealed.blind(text, "kana") for text in ("コ", "コバ", "コバヤ")]
    assert len(sealed.prefixes("コバヤシハナコ", "kana")) == 6
    assert sealed.prefixes("", "kana") == []


def test_dates_and_lists_keep_their_types():
    day, listed = sealed.SealedDateField(context="a.d"), sealed.SealedJSONField(context="a.j")
    assert day.from_db_value(day.sealed(date(1980, 4, 1)), None, None) == date(1980, 4, 1)
    assert day.from_db_value(day.sealed(None), None, None) is None
    assert listed.from_db_value(listed.sealed([{"kind": "phone"}]), None, None) == [{"kind": "phone"}]
    assert listed.from_db_value(listed.sealed([]), None, None) == []


def test_a_sealed_column_is_not_searched_by_its_value():
    assert sealed.sealed_fields(Patron)
    with pytest.raises(FieldError, match="blind index"):
        str(Patron.objects.filter(name="小林 花子").query)
