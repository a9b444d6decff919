"""The NUT protocol against a real socket, the exporter on it, and the helper that waits for its turn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from inventory import load
from ups import plan, upkeep
from ups.client import Client, UpsError, touchable
from ups.exporter import UpsCollector, metrics
from ups.poweroff import Presence, wait_for_turn
from ups.tests.conftest import Upsd


def test_values_are_read_with_their_quotes(upsd: Upsd) -> None:
    with Client("127.0.0.1") as client:
        assert client.units() == ["ups-a", "ups-b"]
        assert client.variables("ups-a")["ups.model"] == 'a "quoted" name'


def test_a_login_is_seen_by_others(upsd: Upsd) -> None:
    with Client("127.0.0.1") as mine, Client("127.0.0.1") as other:
        mine.login("ups-a", "app1", "right")
        assert other.clients("ups-a") == {"127.0.0.1"}


def test_a_wrong_password_is_an_error_and_not_silence(upsd: Upsd) -> None:
    with Client("127.0.0.1") as client, pytest.raises(UpsError, match="ACCESS-DENIED"):
        client.login("ups-a", "app1", "wrong")


def test_a_garbled_answer_is_an_error_that_the_power_off_outlives(upsd: Upsd) -> None:
    with Client("127.0.0.1") as client, pytest.raises(UpsError, match="No closing quotation"):
        client.clients("ups-b")
    config = {"server": "127.0.0.1", "ups": "ups-b", "user": "app1", "password": "right"}
    assert Presence(config).others() is None


@pytest.mark.parametrize(
    ("status", "left_alone"), [("OL", False), ("OL CHRG", False), ("OB DISCHRG", True), ("FSD OB LB", True)]
)
def test_nut_is_touched_on_mains_only(upsd: Upsd, status: str, left_alone: bool) -> None:
    upsd.status = status
    assert bool(touchable()) is left_alone


def test_a_unit_whose_driver_is_gone_is_down_and_has_no_status(upsd: Upsd) -> None:
    registry = CollectorRegistry()
    registry.register(UpsCollector("127.0.0.1", ["ups-a", "ups-b"]))
    text = generate_latest(registry).decode()
    assert 'kura_ups_up{ups="ups-a"} 1.0' in text
    assert 'kura_ups_up{ups="ups-b"} 0.0' in text
    assert 'kura_ups_status{status="OL",ups="ups-a"} 1.0' in text
    assert 'kura_ups_status{status="OB",ups="ups-a"} 0.0' in text
    assert 'kura_ups_battery_charge_percent{ups="ups-a"} 87.0' in text
    assert 'status="OL",ups="ups-b"' not in text


def test_of_the_hosts_that_a_unit_feeds_each_is_seen_to_listen_or_not(upsd: Upsd, tmp_path) -> None:
    site = load("nagano")
    facts = tmp_path / "ups-facts.json"
    facts.write_text(upkeep.files(site, site.host("gw1"), secret="x")[upkeep.FACTS], encoding="utf-8")
    registry = CollectorRegistry()
    registry.register(UpsCollector("127.0.0.1", ["ups-a"], facts))
    upsd.logins += ["127.0.0.1", str(site.host("db1").address)]
    seen = {host.name: registry.get_sample_value("kura_ups_login", {"ups": "ups-a", "client": host.name})
            for host in plan.fed(site)}  # fmt: skip
    assert seen == {host.name: float(host.name in ("gw1", "db1")) for host in plan.fed(site)}
    upsd.shutdown()
    upsd.server_close()
    assert registry.get_sample_value("kura_ups_login", {"ups": "ups-a", "client": "app1"}) is None


def test_without_upsd_every_expected_unit_is_down() -> None:
    families = {family.name: family for family in metrics({"ups-a": None})}
    assert [sample.value for sample in families["kura_ups_up"].samples] == [0.0]


class World:
    """Time that moves only when somebody waits."""

    def __init__(self, gone_after: dict[str, float], silent: bool = False) -> None:
        self.now, self.gone_after, self.silent = 0.0, gone_after, silent

    def others(self) -> set[str] | None:
        return None if self.silent else {name for name, at in self.gone_after.items() if self.now < at}

    def wait(self, steps: list[tuple[list[str], float]], settle: float = 6) -> float:
        config = {"settle_seconds": settle, "wait": [{"addresses": hosts, "until": until} for hosts, until in steps]}
        return wait_for_turn(config, self.others, lambda: self.now, self.pause)

    def pause(self, seconds: float) -> None:
        self.now += seconds


def test_the_first_host_waits_for_nobody() -> None:
    assert World({"b": 99}).wait([]) == 0


def test_a_host_goes_soon_after_the_ones_before_it() -> None:
    assert 20 + 5 <= World({"a": 20, "me": 999, "later": 999}).wait([(["a"], 66)]) <= 20 + 8


def test_a_host_that_hangs_delays_the_others_no_longer_than_its_own_time() -> None:
    assert World({"a": 10_000, "b": 20}).wait([(["a"], 66), (["b"], 120)]) <= 67 + 6


def test_without_upsd_the_clock_alone_decides() -> None:
    assert World({}, silent=True).wait([(["a"], 66), (["b"], 120)]) == pytest.approx(120, abs=1)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 100)), min_size=1, max_size=5))
def test_nobody_goes_before_its_predecessors_have_gone_or_used_up_their_time(rows: list[tuple[int, int]]) -> None:
    ends, steps, gone = 0, [], {}
    for index, (gone_at, budget) in enumerate(rows):
        ends += budget
        steps.append(([f"h{index}"], float(ends)))
        gone[f"h{index}"] = float(gone_at)
    waited = World(gone).wait(steps)
    for (hosts, until), _ in zip(steps, rows, strict=True):
        assert waited >= min(gone[hosts[0]], until) - 1
    assert waited <= ends + 7
