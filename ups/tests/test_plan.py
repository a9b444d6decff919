"""The sequencing rules: exhaustively on generated sites, and on the inventory as it is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import load
from ups import plan, topology

NAGANO = load("nagano")


@st.composite
def sites(draw: st.DrawFn) -> tuple[list[list[str]], dict[str, int], dict[str, frozenset[str]], float]:
    """A valid order: groups of hosts, each host needing only hosts of later groups, the reader last."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    names = iter(f"h{n}" for n in range(100))
    order = [[next(names) for _ in range(size)] for size in sizes] + [["reader"]]
    depends: dict[str, frozenset[str]] = {}
    for index, group in enumerate(order):
        later = [name for other in order[index + 1 :] for name in other]
        for name in group:
            depends[name] = frozenset(draw(st.sets(st.sampled_from(later))) if later else ())
    seconds = {name: draw(st.integers(0, 300)) for group in order for name in group}
    return order, seconds, depends, draw(st.floats(1.0, 5.0))


@given(sites())
def test_every_fed_host_has_one_step_and_nothing_stops_before_what_needs_it(site) -> None:
    order, seconds, depends, margin = site
    steps = plan.arrange(order, seconds, depends, {"reader"}, margin)
    named = [host for step in steps for host in step.hosts]
    assert sorted(named) == sorted(seconds)
    at = {host: index for index, step in enumerate(steps) for host in step.hosts}
    assert all(at[host] < at[need] for host, needs in depends.items() for need in needs)
    assert steps[-1].hosts == ("reader",)


@given(sites())
def test_steps_follow_one_another_and_each_has_time_for_its_slowest_host(site) -> None:
    order, seconds, depends, margin = site
    steps = plan.arrange(order, seconds, depends, {"reader"}, margin)
    assert steps[0].starts == 0
    for step, following in itertools.pairwise(steps):
        assert step.ends == following.starts
    for step in steps:
        assert step.seconds >= max(seconds[host] for host in step.hosts) * margin


@given(sites(), st.data())
def test_an_order_that_forgets_doubles_or_inverts_is_refused_by_name(site, data: st.DataObject) -> None:
    order, seconds, depends, margin = site
    victim = data.draw(st.sampled_from([host for group in order[:-1] for host in group]))
    without = [[host for host in group if host != victim] for group in order]
    with pytest.raises(plan.PlanError, match=f"{victim} is on UPS power but in no step"):
        plan.arrange(without, seconds, depends, {"reader"}, margin)
    with pytest.raises(plan.PlanError, match=f"{victim} is in more than one step"):
        plan.arrange([[victim], *order], seconds, depends, {"reader"}, margin)
    with pytest.raises(plan.PlanError, match="reader reads a UPS and must be in the last step"):
        plan.arrange([["reader"], *order[:-1]], seconds, depends, {"reader"}, margin)
    inverted = {**depends, "reader": frozenset({victim})}
    with pytest.raises(plan.PlanError, match=f"reader needs {victim} and must stop before it"):
        plan.arrange(order, seconds, inverted, {"reader"}, margin)


@given(sites())
def test_hosts_start_after_everything_they_need(site) -> None:
    _, _, depends, _ = site
    waves = plan.waves(depends)
    at = {host: index for index, wave in enumerate(waves) for host in wave}
    assert sorted(at) == sorted(depends)
    assert all(at[need] < at[host] for host, needs in depends.items() for need in needs)


def test_hosts_that_need_one_another_in_a_circle_are_named() -> None:
    with pytest.raises(plan.PlanError, match="circle: a, b"):
        plan.waves({"a": {"b"}, "b": {"a"}, "c": set()})


def test_naganos_order_holds_and_fits_into_the_batteries() -> None:
    assert [step.hosts for step in plan.steps(NAGANO)] == [tuple(group) for group in NAGANO.power.stop_order]
    assert plan.total_seconds(NAGANO) < min(unit.runtime_minutes for unit in NAGANO.power.units) * 60


def test_naganos_application_stops_before_its_database_and_starts_after_it() -> None:
    assert "db1" in plan.dependencies(NAGANO)["app1"]
    waves = plan.return_waves(NAGANO)
    assert waves[0] == ("gw1",)
    assert next(i for i, wave in enumerate(waves) if "db1" in wave) < next(
        i for i, wave in enumerate(waves) if "app1" in wave
    )


def test_every_fed_host_of_nagano_survives_the_loss_of_either_feed() -> None:
    fed = tuple(host.name for host in plan.fed(NAGANO))
    for loss in topology.losses(NAGANO):
        assert (loss.stays, loss.falls) == (fed, ())
    assert "ups-a 停止: 継続 gw1" in topology.text(NAGANO)
