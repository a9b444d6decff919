"""Sealed texts that a page carries."""

import time
from unittest import mock

from app.web.tokens import seal, unseal


def test_a_token_says_nothing_to_whoever_has_it_and_opens_for_its_purpose_only():
    token = seal([4711, "staff1"], "one")
    assert "4711" not in token
    assert unseal(token, "one", 60) == [4711, "staff1"]
    assert unseal(token, "other", 60) is None
    assert seal([4711, "staff1"], "one") != token


def test_a_token_ends_and_a_changed_one_does_not_open():
    token = seal("x", "one")
    with mock.patch("app.web.tokens.time.time", return_value=time.time() + 61):
        assert unseal(token, "one", 60) is None
    for text in ("", "x", token[:-2], token + "x", "あ", token[:20] + ("A" if token[20] != "A" else "B") + token[21:]):
        assert unseal(text, "one", 60) is None
