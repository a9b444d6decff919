"""The present log becomes a partitioned one with every row it has, and back."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from app.access.actor import Actor
from app.audit import actions, verifying
from app.audit.actions import sealing
from app.audit.models import AuditEvent

TOKYO = ZoneInfo("Asia/Tokyo")
ROW = (
    "INSERT INTO audit_auditevent (id, at, actor_kind, actor, operation, outcome, subject_type, subject_id, purpose,"
    " terminal, request_id, detail) VALUES (%s, %s, 'staff', 's1', 'test.old', 'done', '', %s, '', '10.1.1.1', '',"
    " '{\"a\": [1, null]}')"
)


def migrate(name):
    executor = MigrationExecutor(connection)
    executor.migrate([("audit", name)])


def latest():
    return max(name for app, name in MigrationExecutor(connection).loader.graph.leaf_nodes() if app == "audit")


@pytest.mark.req("F-AUD-004")
@pytest.mark.django_db(transaction=True)
def test_rows_of_the_table_before_stand_in_the_partitions_of_their_months():
    last = latest()
    times = {7: datetime(2020, 11, 30, 23, 59, 59, tzinfo=TOKYO), 8: datetime(2020, 12, 1, tzinfo=TOKYO)}
    try:
        migrate("0003_no_truncate")
        with connection.cursor() as cursor:
            for number, at in times.items():
                cursor.execute(ROW, [number, at, str(number)])
    finally:
        migrate(last)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, tableoid::regclass::text FROM audit_auditevent ORDER BY id")
        assert cursor.fetchall() == [(7, "audit_auditevent_2020_11"), (8, "audit_auditevent_2020_12")]
    assert AuditEvent.objects.get(pk=7).detail == {"a": [1, None]}
    actions.record(Actor("staff", "s2"), "test.new")
    assert AuditEvent.objects.latest("id").pk == 9
    assert [one.count for one in sealing.seal(datetime.now(TOKYO))] == [1, 1, 1]
    assert verifying.verify().count == 0


@pytest.mark.django_db(transaction=True)
def test_the_way_back_keeps_the_rows_and_their_protection():
    last = latest()
    actions.record(Actor("staff", "s2"), "test.new")
    try:
        migrate("0003_no_truncate")
        with connection.cursor() as cursor:
            cursor.execute("SELECT actor FROM audit_auditevent")
            assert cursor.fetchall() == [("s2",)]
            with pytest.raises(Exception, match="append-only"):
                cursor.execute("DELETE FROM audit_auditevent")
    finally:
        migrate(last)
    assert AuditEvent.objects.get().actor == "s2"
