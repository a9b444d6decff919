"""The hash tree and the arithmetic of ids, against values made otherwise."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audit import tree


def plain_root(leaves):
    """RFC 6962, 2.1, word for word: split at the largest power of two below the length."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 100])
def test_the_root_is_that_of_rfc_6962(count):
    leaves = [tree.leaf(str(number).encode()) for number in range(count)]
    assert tree.root(leaves) == plain_root(leaves).hex()


def test_known_values():
    # The tree over one empty entry, and a leaf that is not a node of the same bytes.
    assert tree.root([tree.leaf(b"")]) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree.leaf(b"\x01" * 64) != sha256(b"\x01" * 65).digest()


@given(st.sets(st.integers(1, 200)), st.integers(0, 5))
def test_spans_and_gaps_are_every_id_once(ids, below):
    ids = {number for number in ids if number > below}
    spans = tree.spans_of(sorted(ids))
    assert {number for first, last in spans for number in range(first, last + 1)} == ids
    assert tree.read(tree.written(spans)) == spans
    left_out = {number for first, last in tree.gaps(spans, below) for number in range(first, last + 1)}
    assert left_out == set(range(below + 1, max(ids, default=below) + 1)) - ids


@given(st.sets(st.integers(1, 60)), st.integers(1, 60), st.integers(0, 30))
def test_a_span_without_what_was_taken(ids, first, length):
    left = tree.without((first, first + length), tree.spans_of(sorted(ids)))
    assert {n for a, b in left for n in range(a, b + 1)} == set(range(first, first + length + 1)) - ids


def test_what_waits_is_written_and_read_back():
    rows = [tree.Waiting([(101, 103), (105, 105)], ("3/14", "5/9")), tree.Waiting([(9, 9)], ("1/1",))]
    assert tree.waiting_read(tree.waiting_written(rows)) == rows
    assert tree.waiting_read("") == []
