"""Bare metal: who gets a medium. `./kura drill metal` installs a machine with bare disks from one and starts it."""

from __future__ import annotations

from tests.twin.verbs import kura


def test_a_host_without_disks_gets_no_medium_and_a_sentence(tmp_path):
    said = kura("metal", "opac-nagano-1", "--out", tmp_path / "media", expect=2)
    assert "opac-nagano-1 has no disks of the kernel's own to start from" in said
    assert not (tmp_path / "media").exists()
