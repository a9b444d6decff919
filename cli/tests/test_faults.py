"""The fault drill: what it chooses, that it mends and goes on after anything, and that its verdict can be no."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from cli import ledger
from cli.context import Refused
from cli.faults import beside, clocks, cuts, drill, kills, power
from cli.faults.case import Case, missing, services
from cli.ledger import Reconciliation
from inventory import load

HOSTS = ["gw1", "app1", "db1", "mon1", "bak1"]
CLEAN = Reconciliation(acts=12, lost=0, doubled=0, half_done=0)


def row(**more):
    plain = {
        "case": "kill/app1/nginx", "title": "t", "hosts": ("app1",), "note": "", "silent_seconds": 2.0, "acts": 12,
        "lost": 0, "doubled": 0, "half_done": 0, "trouble": "",
    }  # fmt: skip
    return drill.Row(**{**plain, **more})


@pytest.mark.parametrize(
    "wrong",
    [
        {"lost": 1},
        {"doubled": 1},
        {"half_done": 1},
        {"acts": 0},
        {"trouble": "nginx does not run"},
        {"figures": {"pages_refused": {"value": 1, "unit": "pages", "goal": 0, "met": False}}},
    ],
)
def test_each_of_these_alone_makes_a_case_fail(wrong):
    assert row().passed
    assert not row(**wrong).passed
    assert not drill.result([row(), row(**wrong)])["passed"]


def test_a_drill_without_cases_has_not_passed():
    assert not drill.result([])["passed"]


def test_figures_add_up_over_the_cases():
    figures = drill.result([row(lost=2), row(case="cut/app1-db1", silent_seconds=9.0, doubled=1)])["figures"]
    assert figures["faults_acts_lost"] == {"value": 2, "unit": "acts", "goal": 0, "met": False}
    assert figures["faults_cut_longest_silence"]["value"] == 9.0
    assert figures["faults_failed"]["value"] == 2


def test_twenty_power_cuts_strike_every_host_and_everything_and_can_be_repeated():
    context = SimpleNamespace(twin=None)
    struck = [case.struck for case in power.cases(context, HOSTS, 20, seed=1)]
    again = [(case.struck, case.wait) for case in power.cases(context, HOSTS, 20, seed=1)]
    assert len(struck) == 20
    assert {host for some in struck if len(some) == 1 for host in some} == set(HOSTS)
    assert struck.count(tuple(HOSTS)) == 6
    assert again == [(case.struck, case.wait) for case in power.cases(context, HOSTS, 20, seed=1)]
    assert again != [(case.struck, case.wait) for case in power.cases(context, HOSTS, 20, seed=2)]


def test_every_service_and_every_pair_of_hosts_is_a_case():
    context = SimpleNamespace(site=load("nagano"))
    before = {"app1": ["nginx.service", "kura-library.service"], "db1": ["postgresql@17-main.service"]}
    assert [case.name for case in kills.cases(context, before)] == [
        "kill/app1/kura-library", "kill/app1/nginx", "kill/db1/postgresql@17-main",
    ]  # fmt: skip
    names = [case.name for case in cuts.cases(context, HOSTS)]
    assert len([name for name in names if name.startswith("cut/")]) == 10
    assert "cable/db1" in names
    assert "cable/gw1" not in names


def test_between_application_and_database_the_cut_outlasts_every_request():
    context = SimpleNamespace(site=load("nagano"))
    seconds = {case.name: case.seconds for case in cuts.cases(context, HOSTS) if case.kind == "cut"}
    assert seconds["cut/app1-db1"] > 30  # PostgreSQL's own limit of a statement
    assert {value for name, value in seconds.items() if name != "cut/app1-db1"} == {cuts.CUT_SECONDS}


def test_cases_are_chosen_by_kind_and_by_pattern():
    context = SimpleNamespace(site=load("nagano"))
    everything = [
        *kills.cases(context, {"app1": ["nginx.service", "ssh.service"], "db1": ["ssh.service"]}),
        *cuts.cases(context, HOSTS),
    ]
    assert [case.name for case in drill.chosen(everything, ["kill/*/ssh"])] == ["kill/app1/ssh", "kill/db1/ssh"]
    assert len(drill.chosen(everything, ["cable", "cable/db1"])) == 4
    assert drill.chosen(everything, []) == everything
    with pytest.raises(Refused, match="no case is called kill/app9"):
        drill.chosen(everything, ["kill/app9/*"])


def test_the_packets_that_a_cut_has_stopped_are_counted():
    listed = {
        "nftables": [
            {"metainfo": {}},
            {"rule": {"expr": [{"match": {}}, {"counter": {"packets": 3, "bytes": 9}}, {"drop": None}]}},
            {"rule": {"expr": [{"counter": {"packets": 2, "bytes": 9}}]}},
        ]
    }
    assert cuts.dropped(json.dumps(listed)) == 5
    assert cuts.dropped('{"nftables": []}') == 0


@pytest.mark.skipif(not shutil.which("nft"), reason="nftables is installed with the lab")
def test_the_cut_is_a_ruleset_that_nftables_takes():
    text = cuts.ruleset(["10.0.0.1", "10.0.1.1"], ["10.0.0.2"])
    done = subprocess.run(["nft", "-c", "-f", "-"], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("gcc"), reason="a compiler is installed with the drill")
def test_a_shifted_clock_shifts_the_time_of_day_and_nothing_else(tmp_path):
    library, clock = tmp_path / "clock.so", tmp_path / "clock"
    text = clocks.SOURCE.replace(clocks.CLOCK, str(clock))
    subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=text, text=True, check=True)
    program = (
        "import time; a = time.monotonic(), time.clock_gettime(time.CLOCK_MONOTONIC); time.sleep(0.01); "
        "print(time.time(), a[1] - a[0] < 60, time.monotonic() > a[0])"
    )

    def said() -> list[str]:
        return subprocess.run(
            ["python3", "-c", program], env={"LD_PRELOAD": str(library)}, capture_output=True, text=True, check=True
        ).stdout.split()

    clock.write_text("+0\n")
    right = said()
    clock.write_text("+93600\n")
    ahead = said()
    assert 93600 <= float(ahead[0]) - float(right[0]) < 93600 + 600
    assert right[1:] == ahead[1:] == ["True", "True"]


class Broken(Case):
    """A case that says what was done to it."""

    kind = "test"

    def __init__(self, target, *, strike="", trouble="", done):
        super().__init__(SimpleNamespace(), target)
        self.title, self.fails, self.wrong, self.done = target, strike, trouble, done

    @property
    def hosts(self):
        return ("app1",)

    def strike(self, counters):
        self.done.append(f"strike {self.target}")
        if self.fails:
            raise Refused(self.fails)
        return "struck"

    def mend(self):
        self.done.append(f"mend {self.target}")

    def trouble(self):
        return self.wrong


class Counters:
    """Counters whose ledger says what the test wants."""

    def __init__(self, found):
        self.found = list(found)

    def wait_answered(self, more, patience=300):
        return 0.0

    def tally(self):
        return {"moments": []}

    def reconcile(self):
        return self.found.pop(0)

    def go(self):
        pass


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """A drill over given cases and given findings; returns a function that runs it, and the list of what was done."""
    done: list[str] = []
    opened: list[int] = []

    def run(cases, found, again=False):
        site = SimpleNamespace(host=lambda name: SimpleNamespace(kind="server"))
        running = [SimpleNamespace(name="app1")]
        twin = SimpleNamespace(running=lambda: running, is_running=lambda name: True)
        context = SimpleNamespace(
            state=tmp_path, site=site, twin=twin, progress=lambda text: None,
            arguments=argparse.Namespace(case=[], times=0, seed=1, again=again),
        )  # fmt: skip
        counters = Counters(found)

        class Work:
            def __init__(self, *given, **more):
                opened.append(1)

            def __enter__(self):
                return counters

            def __exit__(self, *error):
                return False

        monkeypatch.setattr(drill, "cases", lambda *given: iter(cases))
        monkeypatch.setattr(drill, "services", lambda *given: {"app1": []})
        monkeypatch.setattr(drill, "missing", lambda *given: "")
        monkeypatch.setattr(drill, "HEALED_SECONDS", 0.0)
        monkeypatch.setattr(ledger, "at_work", Work)
        return drill.run(context)

    return SimpleNamespace(run=run, done=done, opened=opened, state=tmp_path)


def test_every_case_is_struck_mended_and_written_down(bench):
    cases = [Broken("a", done=bench.done), Broken("b", done=bench.done)]
    result = bench.run(cases, [CLEAN, CLEAN])
    assert bench.done == ["strike a", "mend a", "strike b", "mend b"]
    assert result["passed"]
    assert [item["passed"] for item in result["details"]["items"]] == [True, True]
    assert not (bench.state / "drills/faults.json").exists()


def test_a_fault_that_did_not_take_place_is_a_failure_and_the_drill_goes_on(bench):
    cases = [Broken("a", strike="nothing to kill", done=bench.done), Broken("b", done=bench.done)]
    result = bench.run(cases, [CLEAN, CLEAN])
    assert bench.done == ["strike a", "mend a", "strike b", "mend b"]
    assert not result["passed"]
    assert [item["passed"] for item in result["details"]["items"]] == [False, True]


def test_what_does_not_come_back_by_itself_is_a_failure_although_it_is_mended(bench):
    result = bench.run([Broken("a", trouble="nginx is failed", done=bench.done)], [CLEAN])
    assert not result["passed"]
    assert result["details"]["items"][0]["note"] == "nginx is failed"
    assert bench.done[-1] == "mend a"


def test_after_a_difference_the_next_case_begins_with_a_fresh_ledger(bench):
    lost = Reconciliation(acts=5, lost=1, doubled=0, half_done=0)
    cases = [Broken("a", done=bench.done), Broken("b", done=bench.done)]
    result = bench.run(cases, [lost, CLEAN])
    assert len(bench.opened) == 2
    assert result["figures"]["faults_acts_lost"]["value"] == 1
    assert [item["passed"] for item in result["details"]["items"]] == [False, True]


def test_an_interrupted_drill_mends_what_it_had_broken_and_goes_on(bench):
    cases = [Broken(name, done=bench.done) for name in "abc"]
    cases[1].strike = lambda counters: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        bench.run(cases, [CLEAN])
    assert bench.done[-1] == "mend b"
    bench.done.clear()
    result = bench.run([Broken(name, done=bench.done) for name in "abc"], [CLEAN, CLEAN])
    assert bench.done == ["mend b", "strike b", "mend b", "strike c", "mend c"]
    assert result["figures"]["faults_cases"]["value"] == 3
    assert result["passed"]


def test_a_new_beginning_mends_what_another_drill_left_broken(bench):
    (bench.state / "drills").mkdir()
    (bench.state / "drills/faults.json").write_text(
        json.dumps({"rows": [], "before": {"app1": []}, "struck": "test/b"})
    )
    result = bench.run([Broken(name, done=bench.done) for name in "ab"], [CLEAN, CLEAN], again=True)
    assert bench.done == ["mend b", "strike a", "mend a", "strike b", "mend b"]
    assert result["passed"]


def test_only_what_has_changed_since_the_beginning_is_missing():
    now = {"running": "nginx.service ssh.service", "failed": "old.service"}

    def shell(host, command, patience):
        return 0, now["failed"] if "failed" in command else now["running"]

    context = SimpleNamespace(twin=SimpleNamespace(shell=shell, is_running=lambda host: host != "db1"))
    before = services(context, ["app1"])
    assert missing(context, before) == ""
    assert [case.name for case in kills.cases(context, before)] == ["kill/app1/nginx", "kill/app1/ssh"]
    now |= {"running": "ssh.service", "failed": "old.service new.service"}
    assert missing(context, before) == "app1: nginx.service does not run; app1: new.service failed"
    assert missing(context, {"db1": []}) == "db1 is off"


def test_a_slow_tail_is_seen():
    assert beside._p95([100.0] * 90 + [900.0] * 10) > 800
    assert beside._p95([5.0]) == 5.0
