"""Whatever inventory passes the checks, everything can be derived from it."""

from __future__ import annotations

import copy
import shutil
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from inventory import InventoryError, load
from inventory.loader import HERE
from network import diagram, golden, matrix
from network.flows import negative_cases, positive_cases

ZONES = ["dmz", "app", "data", "ops", "backup", "edge", "staff", "kiosk", "guest", "manage", "host:mon1"]


@st.composite
def variants(draw: st.DrawFn) -> dict[str, Any]:
    """Nagano with other sources, hosts, ports and places: mostly sound, sometimes refused."""
    names = ("services", "hosts", "places")
    read = {name: yaml.safe_load((HERE / "nagano" / f"{name}.yml").read_text("utf-8")) for name in names}
    read["places"]["places"] = read["places"]["places"][: draw(st.integers(2, 6))]
    for row in read["services"]["services"]:
        if draw(st.integers(0, 3)) == 0 and row["id"] != "borg":
            row["from"] = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=4, unique=True))
            row["from"] += ["wan"] if row.get("public") else []
            row.pop("restrict", None)
        if draw(st.integers(0, 30)) == 0:
            offer = st.sampled_from(["gw1", "app1", "mon1", "every", "kind:router"])
            row["hosts"] = draw(st.lists(offer, min_size=1, max_size=2))
    if draw(st.booleans()):
        extra = copy.deepcopy(read["hosts"]["hosts"][1]) | {"name": "app2", "number": draw(st.integers(2, 250))}
        extra["hardware"]["unit"] = 10
        read["hosts"]["hosts"].append(extra)
    return read


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(variant=variants())
def test_what_loads_can_be_derived(variant: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "variant"
    shutil.copytree(HERE / "nagano", folder, dirs_exist_ok=True)
    power = yaml.safe_load((HERE / "nagano" / "power.yml").read_text("utf-8"))
    if any(row["name"] == "app2" for row in variant["hosts"]["hosts"]):
        power["stop_order"][0].append("app2")
    for file, data in {**variant, "power": power}.items():
        (folder / f"{file}.yml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    try:
        site = load(folder)
    except InventoryError as refused:
        event(f"refused: {refused.problems[0].expected[:40]}")
        return
    event("loaded")
    assert golden.files(site)
    assert diagram.svg(site).endswith("</svg>\n")
    assert matrix.rows(site)
    assert not set(positive_cases(site, site.twin)) & set(negative_cases(site, site.twin))
