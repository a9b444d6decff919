"""The disk drill needs no twin, and what it files does not stand in a later twin's way."""

from __future__ import annotations

import argparse

import pytest

from cli import drill
from cli.context import Context
from lab.shell import LabError
from monitoring import evidence

RESULT = {
    "passed": True,
    "figures": {"loans_lost": {"value": 0, "unit": "loans", "goal": 0, "met": True}},
    "details": {"items": [{"title": "x", "passed": True, "note": "", "hosts": []}]},
}


@pytest.fixture
def context(tmp_path, monkeypatch):
    monkeypatch.setenv("KURA_STATE", str(tmp_path / "state"))
    # The body is drilled by tests/twin/test_disks.py; here it is about where its result goes.
    monkeypatch.setattr(drill, "run", lambda context, name: RESULT)
    given = argparse.Namespace(inventory="nagano", name="disk", show=False, json=str(tmp_path / "figures.json"))
    return Context(given)


def test_a_drill_on_a_fresh_machine_leaves_a_folder_that_a_twin_may_use(context):
    assert drill.main(context) == 0
    (kept,) = evidence.read(context.state, "drill")
    assert (kept.name, kept.passed, kept.hosts) == ("disk", True, [])
    assert kept.items[0].title == "x"
    context.twin.claim()


def test_a_real_sites_folder_stays_a_real_sites(context):
    (context.state / "secrets").mkdir(parents=True)
    assert drill.main(context) == 0
    with pytest.raises(LabError, match="secrets of a real site"):
        context.twin.claim()
