"""`./kura restore` refuses what would replace live data unless it is meant, and moments that cannot be."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from cli import restore
from cli.context import Context, Refused


def context(*argv: str) -> Context:
    parser = argparse.ArgumentParser()
    restore.arguments(parser)
    given = parser.parse_args(list(argv))
    given.inventory = "nagano"
    return Context(given)


@pytest.mark.parametrize(
    "argv",
    [
        ("database", "--replace"),
        ("host", "db1"),
        ("site",),
        ("repository", "app1", "20261101T000000Z"),
    ],
)
def test_nothing_live_is_replaced_without_yes(argv: tuple[str, ...]) -> None:
    one = context(*argv)
    acts: dict[str, Any] = {
        "database": restore._database, "host": restore._host, "site": restore._site, "repository": restore._repository,
    }  # fmt: skip

    class Untouchable:
        keeper = "bak1"

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"{name} was touched")

    with pytest.raises(Refused, match="say --yes") as refused:
        acts[argv[0]](one, Untouchable())
    assert refused.value.code == 2


@pytest.mark.parametrize(
    ("said", "why"), [("tomorrow", "write it as"), ("2999-01-01 10:00", "not come yet"), ("2026-13-01", "write it as")]
)
def test_a_moment_that_cannot_be_is_refused(said: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        restore.moment(context("database", "--to", said))


def test_a_moment_without_a_zone_is_in_the_sites_own() -> None:
    found = restore.moment(context("table", "patrons_patron", "--to", "2026-03-01 10:15"))
    assert found
    assert found.isoformat() == "2026-03-01T10:15:00+09:00"
    assert restore.moment(context("database")) is None


FOUND = {
    "rows": [
        {"key": "1", "how": "changed", "acts": 1},
        {"key": "2", "how": "changed", "acts": 0},
        {"key": "3", "how": "missing", "acts": 0},
        {"key": "4", "how": "added", "acts": 0},
    ],
    "unexplained": ["2", "3"],
}


@pytest.mark.parametrize(
    ("put", "keys"),
    [(None, []), ("changed", ["1", "2"]), ("missing", ["3"]), ("unexplained", ["2", "3"]), ("1, 3", ["1", "3"])],
)
def test_the_rows_that_are_put_back_are_those_that_were_meant(put: str | None, keys: list[str]) -> None:
    assert restore._chosen(put, FOUND) == keys


def test_a_row_that_did_not_change_is_not_put_back() -> None:
    with pytest.raises(Refused, match="not changed since: 4, 9"):
        restore._chosen("1,4,9", FOUND)


def test_the_keeper_itself_is_not_restored_from_what_it_kept() -> None:
    class Keeper:
        keeper = "bak1"

    with pytest.raises(Refused, match="keeps the backups"):
        restore._host(context("host", "bak1", "--yes"), Keeper())  # type: ignore[arg-type]
