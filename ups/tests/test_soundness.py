"""What PostgreSQL's checker says after a start becomes figures; what could not be looked at is no clean bill."""

from __future__ import annotations

from pathlib import Path

import pytest

from ups import soundness

# pg_amcheck 17 on an index whose pages were overwritten, and on a database that is not there.
FAULTY = """btree index "kura.public.circulation_loan_pkey":
    ERROR:  item order invariant violated for index "circulation_loan_pkey"
    DETAIL:  Lower index tid=(1,2) (points to heap tid=(0,1)) higher index tid=(1,3).
heap table "kura.public.circulation_loan", block 3, offset 7, attribute 2:
    attribute 2 with length 4294967295 ends at offset 50 beyond total tuple length 43
"""


def answers(code: int, said: str):
    return lambda argv: (code, said)


def test_a_sound_database_has_no_faults() -> None:
    assert soundness.look("/pg_amcheck", ["kura"], answers(0, "")) == {"kura": []}


@pytest.mark.req("S-HW-007")
def test_each_fault_is_counted_with_the_relation_it_is_in() -> None:
    found = soundness.look("/pg_amcheck", ["kura"], answers(soundness.FOUND, FAULTY))
    assert [row.split('"')[1] for row in found["kura"] or []] == [
        "kura.public.circulation_loan_pkey",
        "kura.public.circulation_loan",
    ]
    assert 'kura_integrity_errors{database="kura"} 2\n' in soundness.figures(found, 1.0, 5.0)


def test_a_checker_that_finds_something_without_naming_it_is_believed() -> None:
    assert soundness.look("/pg_amcheck", ["kura"], answers(soundness.FOUND, "    strange\n")) == {
        "kura": ["    strange"]
    }


def test_what_could_not_be_looked_at_is_told_as_that(capsys: pytest.CaptureFixture[str]) -> None:
    found = soundness.look("/pg_amcheck", ["kura"], answers(1, 'error: database "kura" does not exist'))
    text = soundness.figures(found, 0.1, 5.0)
    assert found == {"kura": None}
    assert "kura_integrity_unchecked 1\n" in text
    assert "kura_integrity_errors{" not in text
    assert "does not exist" in capsys.readouterr().out


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (2, 1), (1, 1)])
def test_the_unit_fails_when_something_is_wrong(tmp_path: Path, monkeypatch, code: int, ends: int) -> None:
    monkeypatch.setattr(soundness, "command", answers(code, FAULTY if code else ""))
    assert soundness.main("/pg_amcheck", str(tmp_path / "kura.prom"), ["kura"]) == ends
    assert "kura_integrity_checked_timestamp_seconds " in (tmp_path / "kura.prom").read_text()
