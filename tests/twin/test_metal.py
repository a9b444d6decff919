"""Bare metal: a medium installs a virtual machine with bare disks, which then starts from them as the host."""

from __future__ import annotations

import pytest

from tests.twin.verbs import figures, kura


@pytest.mark.title("空のサーバに、冗長化したディスクで無人導入でき、導入済みのディスクは消されない")
def test_bare_disks_become_the_host_without_a_hand(tmp_path):
    said = kura("drill", "metal", "--json", tmp_path / "figures.json", patience=1500)
    assert "passed" in said
    assert {"install_seconds", "start_seconds", "medium_mib"} <= set(figures(tmp_path / "figures.json"))


def test_a_host_without_disks_gets_no_medium_and_a_sentence(tmp_path):
    said = kura("metal", "opac-nagano-1", "--out", tmp_path / "media", expect=2)
    assert "opac-nagano-1 has no disks of the kernel's own to start from" in said
    assert not (tmp_path / "media").exists()
