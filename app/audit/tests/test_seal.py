"""One altered, missing or inserted row is found and named, whatever order transactions end in."""

import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import InternalError, ProgrammingError, connection, connections, transaction
from django.utils import timezone

from app.access.actor import Actor
from app.audit import actions, copying, queries, tree, verifying
from app.audit.actions import sealing
from app.audit.models import AuditEvent, AuditSeal

ACTOR = Actor("staff", "s1", terminal="10.81.1.70", request_id="r-1")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {sealing.key_name(KEY.public_key()): KEY.public_key()}
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
KEEPER = Path(__file__).resolve().parents[3] / "backup" / "keep_seals.py"

pytestmark = pytest.mark.django_db(transaction=True)


def log(count=1, **fields):
    """So many events, each in a transaction of its own; their ids."""
    before = set(AuditEvent.objects.values_list("pk", flat=True))
    for number in range(count):
        actions.record(ACTOR, "test.act", subject_type="patron", subject_id=number, purpose="行\t改\n行\\", **fields)
    return sorted(set(AuditEvent.objects.values_list("pk", flat=True)) - before)


def seal():
    return sealing.seal(timezone.now(), KEY)


def faults(**given):
    report = verifying.verify(KEYS, **given)
    return sorted((fault.kind, fault.event or fault.seal) for fault in report.faults)


def tamper(sql, *values):
    """What only a superuser of the server can do: past every trigger."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET session_replication_role = DEFAULT")


@pytest.fixture
def sealed():
    """Three batches of five events."""
    ids = []
    for _ in range(3):
        ids += log(5)
        assert seal()[0].count == 5
    assert faults() == []
    return ids


@pytest.mark.req("F-AUD-003")
@pytest.mark.parametrize(
    "change",
    [
        "actor = 'other'",
        "at = at - interval '1 second'",
        "subject_id = subject_id || '0'",
        "purpose = 'x'",
        "terminal = NULL",
        "detail = '{\"a\": 1}'",
        "outcome = 'viewed'",
        "request_id = ''",
    ],
)
def test_one_altered_row_is_named_whatever_column_it_is(sealed, change):
    tamper(f"UPDATE audit_auditevent SET {change} WHERE id = %s", sealed[7])
    assert faults() == [("altered", sealed[7])]


@pytest.mark.req("F-AUD-003")
def test_one_missing_row_is_named(sealed):
    for gone in (sealed[0], sealed[7], sealed[-1]):
        with transaction.atomic():
            tamper("DELETE FROM audit_auditevent WHERE id = %s", gone)
            assert faults() == [("missing", gone)]
            transaction.set_rollback(True)


@pytest.mark.req("F-AUD-003")
def test_one_inserted_row_is_named():
    with transaction.atomic():
        log(1)
        transaction.set_rollback(True)
    log(3)
    assert seal()[0].waiting == ""
    first = AuditEvent.objects.earliest("id").pk
    copy = "INSERT INTO audit_auditevent SELECT (json_populate_record(e, json_build_object('id', %s))).* FROM" \
           " audit_auditevent e WHERE id = %s"  # fmt: skip
    tamper(copy, first - 1, first)
    assert faults() == [("inserted", first - 1)]


@pytest.mark.req("F-AUD-003")
def test_a_row_that_is_doubled_or_moved_to_another_month_is_named(sealed):
    with transaction.atomic():
        tamper(
            "INSERT INTO audit_auditevent SELECT id, at + interval '1 second', actor_kind, 'other', operation, outcome,"
            " subject_type, subject_id, purpose, terminal, request_id, detail FROM audit_auditevent WHERE id = %s",
            sealed[4],
        )
        assert faults() == [("inserted", sealed[4])]
        transaction.set_rollback(True)
    tamper("UPDATE audit_auditevent SET at = '2031-01-15 00:00Z' WHERE id = %s", sealed[4])
    assert faults() == [("inserted", sealed[4]), ("missing", sealed[4])]


@pytest.mark.req("F-AUD-003")
def test_a_seal_that_was_made_anew_to_fit_altered_rows_betrays_itself(sealed):
    tamper("UPDATE audit_auditevent SET actor = 'other' WHERE id = %s", sealed[7])
    second = AuditSeal.objects.get(number=2)
    lines = queries.copied(
        f"SELECT {queries.CANONICAL} FROM audit_auditevent WHERE id BETWEEN %s AND %s ORDER BY id",
        [sealed[5], sealed[9]],
    )
    leaves = [tree.leaf(line) for line in lines]
    tamper("UPDATE audit_auditseal SET root = %s, prints = %s WHERE number = 2", tree.root(leaves), tree.prints(leaves))
    assert second.root != AuditSeal.objects.get(number=2).root
    assert faults() == [("chain", 3), ("signature", 2)]


@pytest.mark.req("F-AUD-003")
def test_an_end_that_was_cut_off_is_found_by_the_copy_that_is_kept_elsewhere(sealed):
    copy = [f"{queries.statement_of(one).text()}\t{one.signature}\n" for one in AuditSeal.objects.all()]
    assert faults(copy=copy) == []
    tamper("DELETE FROM audit_auditevent WHERE id > %s", sealed[9])
    tamper("DELETE FROM audit_auditseal WHERE number = 3")
    assert faults() == []
    assert faults(copy=copy) == [("chain", 3)]


def test_seals_missing_in_the_middle_and_foreign_keys_are_named(sealed):
    tamper("DELETE FROM audit_auditseal WHERE number = 2")
    report = verifying.verify({"other": KEY.public_key()})
    kinds = {fault.kind for fault in report.faults}
    assert kinds == {"chain", "signature", "inserted"}


def test_a_late_commit_with_a_lower_id_is_sealed_and_no_false_alarm(sealed):
    """A transaction draws its id, others commit after it and are sealed, then it commits, or rolls back."""
    for commits in (True, False):
        drawn, go = threading.Event(), threading.Event()

        def slow(commits=commits, drawn=drawn, go=go):
            try:
                with transaction.atomic():
                    actions.record(ACTOR, "test.late")
                    drawn.set()
                    go.wait(timeout=60)
                    transaction.set_rollback(not commits)
            finally:
                connections.close_all()

        thread = threading.Thread(target=slow)
        thread.start()
        assert drawn.wait(timeout=60)
        ids = log(3)
        first = seal()
        assert [one.count for one in first] == [3]
        assert tree.waiting_read(first[0].waiting)[0].spans == [(ids[0] - 1, ids[0] - 1)]
        assert faults() == []
        assert seal() == []  # nothing new to say while it goes on
        go.set()
        thread.join(timeout=90)
        assert faults() == []
        closed = seal()
        assert [(one.count, one.waiting) for one in closed] == [(1 if commits else 0, "")]
        assert faults() == []
    late = ids[0] - 1
    tamper(
        "INSERT INTO audit_auditevent (id, actor_kind, actor, operation, outcome, subject_type, subject_id, purpose,"
        " request_id, detail) VALUES (%s, 'staff', 's9', 'test.late', 'done', '', '', '', '', '{}')",
        late,
    )
    assert faults() == [("inserted", late)]


def test_batches_end_at_their_size_and_at_the_end_of_a_month():
    ids = log(7)
    tamper("UPDATE audit_auditevent SET at = '2026-12-31 14:59:59Z' WHERE id = %s", ids[1])
    tamper("UPDATE audit_auditevent SET at = '2026-12-31 15:00:00Z' WHERE id = %s", ids[2])
    made = sealing.seal(NOW, KEY, batch=4)
    now_month = timezone.localdate().replace(day=1)
    assert sorted((one.month, one.count) for one in made if one.month == now_month) == [(now_month, 2), (now_month, 3)]
    assert [(one.month, one.spans) for one in made if one.month != now_month] == [
        (date(2026, 12, 1), str(ids[1])),
        (date(2027, 1, 1), str(ids[2])),
    ]
    assert faults() == []


def test_what_is_not_sealed_yet_is_counted_and_no_fault(sealed):
    log(2)
    report = verifying.verify(KEYS)
    assert (report.events, report.seals, report.unsealed, report.count) == (17, 3, 2, 0)
    assert queries.unsealed_since() is not None
    seal()
    assert queries.unsealed_since() is None


def test_nothing_new_makes_no_seal_and_two_sealers_are_one(sealed):
    assert seal() == []
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [sealing.LOCK])
        log(1)
        assert seal() == []
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [sealing.LOCK])
    finally:
        other.close()
    assert len(seal()) == 1


def test_seals_are_as_append_only_as_events(sealed):
    for statement in ("UPDATE audit_auditseal SET root = ''", "DELETE FROM audit_auditseal"):
        with pytest.raises((InternalError, ProgrammingError), match="append-only"), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.fixture
def keeper(tmp_path):
    """The keeper's program, as the forced command of an SSH key runs it."""
    return f"{sys.executable} {KEEPER} {tmp_path / 'audit.seals'}", tmp_path / "audit.seals"


def test_the_keeper_adds_what_it_has_not_and_nothing_else(sealed, keeper):
    command, kept = keeper
    assert copying.send(command) == (3, 3)
    assert copying.send(command) == (0, 3)
    log(2)
    seal()
    assert copying.send(command) == (1, 4)
    lines = [line.split("\t", 1)[1] for line in kept.read_text().splitlines(keepends=True)]
    assert faults(copy=lines) == []
    before = kept.read_text()
    for said in ("nonsense\n", '{"number":7,"previous":"x"}\tsig\n', lines[0], "\n"):
        done = subprocess.run(command.split(), input=said, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert kept.read_text() == before


def test_a_history_made_anew_is_noticed_when_it_is_sent(sealed, keeper):
    command, _ = keeper
    copying.send(command)
    tamper("UPDATE audit_auditseal SET signature = '', root = 'x' WHERE number = 3")
    with pytest.raises(copying.CopyFailed, match="another seal 3"):
        copying.send(command)


def test_a_keeper_that_does_not_answer_is_a_failure_of_the_unit(sealed, tmp_path):
    key = tmp_path / "seal.pem"
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(CommandError, match="does not answer"):
        call_command("audit_seal", f"--key={key}", "--to=false")
    call_command("audit_verify", f"--key={key}")
    tamper("UPDATE audit_auditevent SET actor = 'other' WHERE id = %s", sealed[7])
    with pytest.raises(CommandError, match=f"記録{sealed[7]}"):
        call_command("audit_verify", f"--key={key}")


def test_a_copy_that_falls_behind_is_a_figure_for_monitoring(sealed, keeper):
    from app.web.business import Business

    def behind():
        return next(m.samples[0].value for m in Business().collect() if m.name == "kura_audit_uncopied_seconds")

    command, _ = keeper
    assert behind() == 0  # nobody was ever told to copy: a machine of an engineer
    call_command("audit_seal", f"--to={command}")
    assert behind() == 0
    log(1)
    sealing.seal(timezone.now() - timedelta(minutes=20), KEY)
    assert 1190 < behind() < 1260


def test_an_interrupted_verification_goes_on_where_it_was(sealed):
    said = []
    verifying.verify(KEYS, say=lambda month, report: said.append((month, report.events)))
    assert said == [(timezone.localdate().replace(day=1), 15)]
    report = verifying.verify(KEYS, done=[said[0][0]])
    assert (report.events, report.seals) == (0, 3)
