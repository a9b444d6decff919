"""What wakes a network card, and what does not."""

from __future__ import annotations

import pytest

from lab.wake import woken

CARD = bytes.fromhex("024b75726101")
HEAD = b"\xff" * 6 + b"\x02" * 6 + b"\x08\x00" + b"\x45" * 28  # to everybody, over IPv4 and UDP
MAGIC = b"\xff" * 6 + CARD * 16


def test_a_magic_packet_wakes_its_card() -> None:
    assert woken(HEAD + MAGIC) == "02:4b:75:72:61:01"
    assert woken(HEAD + b"\x00" * 9 + MAGIC + b"\x00" * 4) == "02:4b:75:72:61:01"


@pytest.mark.parametrize("payload", [b"", b"\xff" * 6, MAGIC[:-1], MAGIC[:-6] + b"\x00" * 6, CARD * 16])
def test_nothing_else_wakes_anybody(payload: bytes) -> None:
    assert woken(HEAD + payload) is None
