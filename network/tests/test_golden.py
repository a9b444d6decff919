"""What the room derives is what the golden files show: an edit of the inventory is reviewed by their difference."""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory import available, load
from network import diagram, golden


@pytest.mark.parametrize("name", available())
def test_what_is_derived_is_what_was_reviewed(name: str) -> None:
    wanted = golden.files(load(name))
    folder = golden.FOLDER / name
    found = [path for path in folder.rglob("*") if path.is_file()]
    kept = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in found}
    changed = sorted(path for path in wanted.keys() | kept.keys() if wanted.get(path) != kept.get(path))
    assert changed == [], "read the difference after `python -m network.golden`"


@pytest.mark.parametrize("name", available())
def test_the_picture_is_the_committed_one(name: str) -> None:
    kept = Path(golden.PICTURE / f"diagram-{name}.svg").read_text(encoding="utf-8")
    assert diagram.svg(load(name)) == kept, "look at the picture after `python -m network.golden`"


@pytest.mark.parametrize("name", available())
def test_deriving_twice_gives_the_same_text(name: str) -> None:
    assert golden.files(load(name)) == golden.files(load(name))


@pytest.mark.parametrize("name", available())
def test_every_derived_configuration_says_where_it_comes_from(name: str) -> None:
    for path, text in golden.files(load(name)).items():
        if path.endswith((".nft", ".conf", ".network")):
            assert "Made by Kura from the inventory" in "\n".join(text.splitlines()[:3]), path
