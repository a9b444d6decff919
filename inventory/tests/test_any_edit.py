"""Whatever is written into an inventory, loading ends in an inventory or in an explained refusal."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import Inventory, InventoryError, load
from inventory.loader import HERE
from inventory.schema import FILES

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    st.dates(),
    st.text(max_size=20),
    st.sampled_from(["gw1", "app1", "ops", "guest", "wan", "manage", "host:mon1", "every", "kind:router@site"]),
    st.sampled_from(["10.80.0.0/12", "10.80.0.1", "0.0.0.0/0", "ups-a", "{place}", "none", "", "2030-12-14"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def places(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document at which something stands."""
    found = [at] if at else []
    if isinstance(data, dict):
        for key in data:
            found += places(data[key], (*at, key))
    if isinstance(data, list):
        for index, value in enumerate(data):
            found += places(value, (*at, index))
    return found


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str, str]:
    """(inventory, file, new text): one or two values replaced, removed or repeated."""
    name = draw(st.sampled_from(["nagano", "small"]))
    file = draw(st.sampled_from(sorted(FILES)))
    data = yaml.safe_load((HERE / name / f"{file}.yml").read_text(encoding="utf-8"))
    for _ in range(draw(st.integers(1, 2))):
        where = draw(st.sampled_from(places(data)))
        parent = data
        for step in where[:-1]:
            parent = parent[step]
        act = draw(st.sampled_from(["replace", "remove", "repeat", "borrow"]))
        if act == "remove" or not places(data):
            del parent[where[-1]]
        elif act == "repeat" and isinstance(parent, list):
            parent.append(copy.deepcopy(parent[where[-1]]))
        elif act == "borrow":
            source: Any = data
            for step in draw(st.sampled_from(places(data))):
                source = source[step]
            parent[where[-1]] = copy.deepcopy(source)
        else:
            parent[where[-1]] = draw(ODD)
        if not places(data):
            break
    return name, file, yaml.dump(data, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), allow_unicode=True)


def attempt(folder: Path, name: str, file: str, text: str | bytes) -> Inventory | None:
    """Loads the inventory with one file's text changed; None when it was refused with an explanation."""
    target = folder / name
    if not target.exists():
        shutil.copytree(HERE / name, target)
    original = (HERE / name / f"{file}.yml").read_bytes()
    path = target / f"{file}.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    try:
        return load(target)
    except InventoryError as refused:
        explained = bool(refused.problems) and all(one.line >= 1 and one.expected for one in refused.problems)
    finally:
        path.write_bytes(original)
    assert explained
    return None


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(edit=edits())
def test_an_edited_value_is_loaded_or_refused(
    edit: tuple[str, str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = attempt(folder_of(tmp_path_factory), *edit)
    if site is not None:
        assert site.hosts
        assert site.services
        assert site.hub.kind == "router"
        assert all(site.legs(host) for host in site.hosts)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(file=st.sampled_from(sorted(FILES)), at=st.integers(0, 4000), junk=st.binary(min_size=1, max_size=6))
def test_junk_in_a_file_is_loaded_or_refused(
    file: str, at: int, junk: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = (HERE / "nagano" / f"{file}.yml").read_bytes()
    at = min(at, len(text))
    attempt(folder_of(tmp_path_factory), "nagano", file, text[:at] + junk + text[at:])


def folder_of(factory: pytest.TempPathFactory) -> Path:
    """One scratch folder for all examples."""
    folder = factory.getbasetemp() / "edits"
    folder.mkdir(exist_ok=True)
    return folder


def test_a_file_nested_too_deep_is_refused(tmp_path: Path) -> None:
    assert attempt(tmp_path, "nagano", "contacts", "roles: " + "[" * 3000 + "]" * 3000) is None


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    shutil.copytree(HERE / "nagano", tmp_path / "nagano")
    (tmp_path / "nagano" / "power.yml").unlink()
    (tmp_path / "nagano" / "power.yml").mkdir()
    with pytest.raises(InventoryError, match=r"power\.yml:1: .*a file that can be read"):
        load(tmp_path / "nagano")
