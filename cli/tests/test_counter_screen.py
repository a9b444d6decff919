"""What the bench of the counter's screen says of its times; that it times is tests/browser/test_counter_screen.py."""

from __future__ import annotations

import argparse

import pytest

from cli.benches import counter, counter_screen
from cli.context import Context, Refused
from lab import browser


def test_one_slow_scan_in_forty_misses_no_goal_and_three_do():
    quick = counter_screen.quantiles("x", [60.0] * 39 + [900.0])
    assert (quick["x_p50"]["value"], quick["x_p95"]["value"]) == (60.0, 60.0)
    assert quick["x_p95"]["met"]
    slow = counter_screen.quantiles("x", [60.0] * 37 + [160.0] * 3)
    assert slow["x_p50"]["value"] == 60.0
    assert slow["x_p95"]["value"] > counter_screen.GOAL_MS == 150
    assert not slow["x_p95"]["met"]


def test_without_chromium_the_bench_says_what_to_install_before_it_touches_the_library(monkeypatch):
    monkeypatch.setattr(browser.shutil, "which", lambda name: None if name == "chromium" else f"/usr/bin/{name}")
    monkeypatch.setattr(counter_screen.ledger, "ask", lambda *_: pytest.fail("the library was asked"))

    class Running(Context):
        twin = argparse.Namespace(running=lambda: ["app1"])  # type: ignore[assignment]

    with pytest.raises(Refused, match=r"Chromium.*apt install chromium$"):
        counter.run(Running(argparse.Namespace(inventory="nagano", screen_only=True)))
