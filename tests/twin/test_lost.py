"""A server whose disks are gone comes back with what it held: `./kura restore host` under a lending load."""

from __future__ import annotations

import pytest

from monitoring.evidence import read
from tests.twin.verbs import figures, kura


def test_the_keeper_of_the_backups_is_never_chosen_to_be_lost(twin) -> None:
    keeper = twin.site.backup.repository
    assert "without it nothing comes back" in kura("drill", "restore", "--lost", keeper, expect=2)
    assert keeper in twin.running()


@pytest.mark.req("S-BKP-004")
def test_a_database_server_without_disks_comes_back_with_every_act_the_counters_were_told_of(twin, tmp_path) -> None:
    database = twin.site.service("database").hosts[0].name
    said = kura("drill", "restore", "--lost", database, "--json", tmp_path / "lost.json", patience=1800)
    seen = figures(tmp_path / "lost.json")
    assert seen["lost_rows_restored"]["value"] > 0, said
    assert seen["lost_acts_compared"]["value"] > 0, said
    assert seen["lost_acts_wrong"]["value"] == 0, said
    assert seen["lost_to_lending_seconds"]["met"], said
    assert read(twin.state, "drill")[-1].passed
    assert not list((twin.state / "restoring").iterdir())
