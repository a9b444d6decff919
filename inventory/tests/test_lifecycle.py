"""The lifecycle register knows every part, and what happens when its support ends before the contract does."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

from cli.metal import root
from inventory import InventoryError, available, lifecycle, load

ROOT = Path(__file__).resolve().parents[2]
REGISTER = lifecycle.register()


def required() -> set[str]:
    """The names of requirements.in."""
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    found = (re.match(r"[A-Za-z0-9_-]+", line) for line in lines)
    return {match.group(0) for match in found if match}


def installed() -> set[str]:
    """The Debian packages of every role's defaults, and what a machine of its own has beside them."""
    found: set[str] = {*root.KERNEL, *root.FIRMWARE}
    for path in sorted(ROOT.glob("roles/*/defaults/main.yml")):
        for key, value in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items():
            if key.endswith("_packages"):
                found |= set(value)
    return found


def test_every_requirement_has_a_row_and_no_row_is_left_over() -> None:
    assert {row.name for row in REGISTER.requirements} == required()


def test_every_package_that_a_role_installs_has_a_row_and_no_row_is_left_over() -> None:
    assert {row.name for row in REGISTER.packages} == installed()


@pytest.mark.parametrize("name", available())
def test_what_ends_before_the_contract_has_a_plan(name: str) -> None:
    until = load(name).contract.service_until
    assert lifecycle.unplanned(REGISTER, until) == ()


def test_parts_that_end_first_are_named_first() -> None:
    ending = REGISTER.ending_before(date(2030, 12, 14))
    assert [part.name for part in ending if part.name in ("Django", "Debian 13")] == ["Django", "Debian 13"]


def test_a_part_without_a_plan_is_found(tmp_path: Path) -> None:
    text = lifecycle.FILE.read_text(encoding="utf-8")
    plan = next(line for line in text.splitlines() if "次の LTS" in line)
    path = tmp_path / "lifecycle.yml"
    path.write_text(text.replace(plan + "\n", ""), encoding="utf-8")
    until = load("nagano").contract.service_until
    assert [part.name for part in lifecycle.unplanned(lifecycle.register(path), until)] == ["Django"]


def test_a_row_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lifecycle.yml"
    text = lifecycle.FILE.read_text(encoding="utf-8")
    path.write_text(text + "  - {name: chrony, why: 二度目}\n", encoding="utf-8")
    with pytest.raises(InventoryError, match=r"lifecycle\.yml:\d+: packages\.\d+\.name = 'chrony': expected a name"):
        lifecycle.register(path)
