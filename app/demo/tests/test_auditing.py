"""The log that `./kura bench audit` measures: sound as it was made, and every planted fault of it is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.audit import verifying
from app.audit.actions.sealing import key_name
from app.audit.models import AuditEvent, AuditSeal
from app.demo import auditing

pytestmark = pytest.mark.django_db(transaction=True)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Nine hundred events of three months."""
    monkeypatch.setattr(auditing, "MONTHS", 3)
    monkeypatch.setattr(auditing, "SKIPPED", 40)
    monkeypatch.setattr(auditing, "SAVED", 5)
    said: list[str] = []
    auditing.fill(900, KEY, said.append)
    yield said
    auditing.mend()


def faults(copy: Path) -> verifying.Report:
    """What a verification with signatures and the kept copy finds."""
    lines = (line.partition("\t")[2] for line in copy.read_text().splitlines(keepends=True))
    return verifying.verify({key_name(KEY.public_key()): KEY.public_key()}, lines)


@pytest.mark.req("F-AUD-003")
def test_what_is_planted_in_a_sealed_log_is_named_and_nothing_else(log: list[str], tmp_path: Path) -> None:
    copy = tmp_path / "seals"
    assert len(log) == 3
    assert auditing.copy(copy) == AuditSeal.objects.count() == 36
    report = faults(copy)
    assert (report.events, report.seals, report.copied, report.unsealed, report.count) == (900, 36, 36, 0, 0)
    planted = auditing.tamper(4)
    assert sorted({kind for kind, _ in planted}) == ["altered", "inserted", "missing"]
    assert len(planted) == len(auditing.ALTERED) + 2
    assert sorted([fault.kind, fault.event] for fault in faults(copy).faults) == planted
    auditing.mend()
    assert faults(copy).count == 0


def test_a_fill_that_was_cut_short_goes_on_and_every_search_finds_what_is_there(log: list[str]) -> None:
    log.clear()
    auditing.fill(900, KEY, log.append)
    assert log == []
    assert AuditEvent.objects.count() == 900
    assert set(auditing.questions(1)) == {
        "person",
        "actor",
        "operation",
        "terminal",
        "refused",
        "everything",
        "nothing",
    }
