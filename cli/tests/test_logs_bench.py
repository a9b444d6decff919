"""The bench of the archive, small: it makes what it says, and its questions have the answers that it counts on."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.logs import archive
from cli.benches import logs
from cli.context import Context, Refused
from lab import paths


@dataclass
class _Quiet:
    said: list[str] = field(default_factory=list)

    def __call__(self, text: str) -> None:
        self.said.append(text)

    def step(self, name: str):
        import contextlib

        return contextlib.nullcontext(self.said.append(name))


def bench(tmp_path: Path, monkeypatch, *given: str) -> dict:
    """Run the bench with these arguments in a folder of its own."""
    monkeypatch.setattr(paths, "cache", lambda: tmp_path)
    parser = argparse.ArgumentParser()
    logs.arguments(parser)
    return logs.run(Context(parser.parse_args(given), progress=_Quiet()))  # type: ignore[arg-type]


@pytest.mark.req("S-LOG-004")
def test_the_bench_of_the_archive_makes_its_days_and_finds_what_is_there(tmp_path, monkeypatch):
    arguments = ("--days", "12", "--before", "3", "--share", "0.004", "--keep")
    figures = {name: row["value"] for name, row in bench(tmp_path, monkeypatch, *arguments).items()}
    assert (figures["days"], figures["days_at_real_volume"]) == (15, 12)
    assert figures["verify_faults"] == 0
    # The 15th of November has a needle; nothing else is as rare.
    assert figures["year_rare_word_found"] == 1
    assert figures["year_absent_word_found"] == figures["year_absent_pair_found"] == 0
    assert figures["year_absent_word_unpacked"] == 0
    assert figures["newest_page_found"] == 200
    root = next((tmp_path / "bench").glob("logs-*"))
    assert len(archive.statements(root)) == 15
    # Cut off after some days, it goes on and comes to the same.
    lines = archive.statements(root)
    (root / archive.CHAIN).write_text("".join(f"{line}\n" for line in lines[:-2]))
    again = bench(tmp_path, monkeypatch, *arguments[:-1])
    assert again["verify_faults"]["value"] == 0
    assert again["year_rare_word_found"]["value"] == 1
    assert not root.exists()


@pytest.mark.parametrize("wrong", [("--days", "0"), ("--share", "2"), ("--before", "-1")])
def test_a_volume_that_is_none_is_refused(tmp_path, monkeypatch, wrong):
    with pytest.raises(Refused):
        bench(tmp_path, monkeypatch, *wrong)
