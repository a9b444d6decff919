"""Secrets made once, metrics, and the drill's verdict. Dumps and restores: tests/twin/test_backup.py."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backup import drill, dump, keep, keys, plan, run
from inventory import load

SITE = load("nagano")


def test_secrets_are_made_once_even_when_two_ask_at_the_same_time(tmp_path: Path) -> None:
    host = SITE.host("app1")
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: keys.passphrase(SITE, host, state=str(tmp_path)), range(16)))
        private = set(pool.map(lambda _: keys.private_key(SITE, host, state=str(tmp_path)), range(16)))
    assert len(answers) == len(private) == 1
    files = [path for path in (tmp_path / "secrets").rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == ["app1", "borg_app1"]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}


def test_every_client_has_its_own_key_and_passphrase(tmp_path: Path) -> None:
    host = SITE.host("bak1")
    public = keys.public_keys(SITE, host, state=str(tmp_path))
    words = keys.passphrases(SITE, host, state=str(tmp_path))
    clients = {client.name for client in plan.clients(SITE)}
    assert public.keys() == words.keys() == clients
    assert len(set(public.values())) == len(set(words.values())) == len(clients)
    assert all(line.startswith("ssh-ed25519 ") for line in public.values())


def test_the_servers_key_comes_from_the_operators_known_hosts(tmp_path: Path) -> None:
    assert keys.server_key(SITE, SITE.host("app1"), state=str(tmp_path)) == ""
    (tmp_path / "ssh").mkdir()
    lines = ["db1,10.90.20.11 ssh-ed25519 AAAAdb", "bak1,10.90.40.11 ssh-ed25519 AAAAbak comment"]
    (tmp_path / "ssh" / "known_hosts").write_text("\n".join(lines) + "\n")
    assert keys.server_key(SITE, SITE.host("app1"), state=str(tmp_path)) == "ssh-ed25519 AAAAbak"


# From borgmatic 1.9 on a host of the twin.
ANSWER = """[{"archive": {"name": "app1-daily-x", "duration": 1.2, "stats": {"compressed_size": 10,
"deduplicated_size": 7, "nfiles": 264, "original_size": 1308703}}, "cache": {}, "repository": {}}]"""


def test_a_good_backups_figures_are_prometheus_text() -> None:
    figures = run.figures(json.loads(ANSWER), 1795383522.23361, 1.75)
    text = run.exposition(figures, {"host": "app1", "repository": "bak1", "kind": "daily"})
    labels = '{host="app1",repository="bak1",kind="daily"}'
    assert f"kura_backup_last_success_timestamp_seconds{labels} 1795383522.23361" in text
    assert f"kura_backup_files{labels} 264" in text


def test_an_answer_without_an_archive_is_no_success() -> None:
    with pytest.raises(ValueError, match="no archive"):
        run.figures([], 0, 0)


def test_the_stores_figures_name_each_host() -> None:
    rounds = {"app1": keep.Round(good=True), "db1": keep.Round(good=False, vanished=("db1-daily-x",))}
    text = keep.exposition({"app1": 10, "db1": 20}, rounds, 5.0)
    assert 'kura_backup_repository_bytes{host="db1"} 20' in text
    assert 'kura_backup_keep_last_success_timestamp_seconds{host="app1"} 5' in text
    assert 'kura_backup_keep_last_success_timestamp_seconds{host="db1"}' not in text
    assert 'kura_backup_keep_success{host="db1"} 0' in text
    assert 'kura_backup_archives_vanished{host="app1"} 0' in text
    assert 'kura_backup_archives_vanished{host="db1"} 1' in text


@pytest.mark.parametrize(
    ("ledger", "found", "names"),
    [
        ({}, {"a": "1"}, ()),
        ({"a": "1", "b": "2"}, {"a": "1", "b": "2", "c": "3"}, ()),
        ({"a": "1", "b": "2"}, {"b": "2"}, ("a",)),
        ({"a": "1"}, {"a": "9"}, ("a",)),
    ],
    ids=["first round", "only added", "deleted", "deleted and made again under the same name"],
)
def test_an_archive_has_vanished_when_its_name_or_its_id_is_gone(
    ledger: dict[str, str], found: dict[str, str], names: tuple[str, ...]
) -> None:
    assert keep.vanished(ledger, found) == names


class Borg:
    """A repository of one client, seen through borgmatic's actions."""

    def __init__(self, found: dict[str, str]) -> None:
        self.found, self.done = found, list[str]()

    def act(self, config: Path, *action: str) -> str:
        self.done.append(action[0])
        if action[0] == "prune":
            self.found.pop("app1-daily-old", None)
        rows = [{"name": name, "id": number} for name, number in self.found.items()]
        return json.dumps([{"archives": rows}])


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Repositories of which app1's exists, with ledgers and figures beside them."""
    for name in ("ledgers", "keep", "textfiles", "store/app1"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("app1-daily", "app1-monthly", "db1-daily"):
        (tmp_path / "keep" / f"{name}.yaml").touch()
    (tmp_path / "store/app1/config").touch()
    monkeypatch.setattr(keep, "LEDGERS", tmp_path / "ledgers")
    monkeypatch.setattr(keep, "CONFIGS", tmp_path / "keep")
    monkeypatch.setattr(keep, "TEXTFILES", tmp_path / "textfiles")
    return tmp_path / "store"


def test_what_the_retention_removes_has_not_vanished(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    borg = Borg({"app1-daily-old": "1", "app1-daily-new": "2"})
    monkeypatch.setattr(keep, "borgmatic", borg.act)
    assert keep.look_after(store) == 0
    assert keep.read_ledger("app1") == {"app1-daily-new": "2"}
    assert keep.look_after(store) == 0


def test_nothing_is_given_back_once_an_archive_has_vanished(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    borg = Borg({"app1-daily-a": "1", "app1-monthly-b": "2"})
    monkeypatch.setattr(keep, "borgmatic", borg.act)
    assert keep.look_after(store) == 0
    del borg.found["app1-monthly-b"]
    for _ in range(2):
        borg.done.clear()
        assert keep.look_after(store) == 1
        assert borg.done == ["repo-list"]
    assert "app1-monthly-b" in keep.read_ledger("app1")
    said = (keep.TEXTFILES / "kura_backup_store.prom").read_text()
    assert 'kura_backup_archives_vanished{host="app1"} 1' in said


def test_a_repository_that_has_gone_altogether_is_a_failure(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep, "borgmatic", Borg({"app1-daily-a": "1"}).act)
    assert keep.look_after(store) == 0
    (store / "app1/config").unlink()
    assert keep.look_after(store) == 1


def test_differences_name_changed_missing_and_added_tables() -> None:
    was = {"a": {"rows": 1}, "b": {"rows": 2}, "c": {"rows": 3}}
    assert dump.differences(was, {"a": {"rows": 1}, "b": {"rows": 9}, "d": {"rows": 0}}) == ["b", "c", "d"]


def test_a_drill_that_compared_nothing_has_not_passed() -> None:
    def shell(host: str, command: str) -> tuple[int, str]:
        if "sha256sum" in command:
            return 0, "abc file"
        if "restore file" in command:
            return 0, '{"sha256": "abc", "seconds": 1}'
        if "restore database" in command:
            return 0, '{"rows": 0, "seconds": 1, "different": [], "mb_per_second": 1}'
        return 0, ""

    assert drill.run(SITE, shell, lambda _: None)["passed"] is False
