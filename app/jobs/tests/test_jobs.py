"""Work by the clock: when it is due, once each, failures, running again."""

import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from app.access.actions import NotPermitted
from app.access.models import FailedSignIn
from app.jobs import actions, queries, registry, rules
from app.jobs.models import JobRun
from app.jobs.registry import Job, JobFailed
from app.tests import make
from app.web.business import Business

TOKYO = ZoneInfo("Asia/Tokyo")
MORNING = datetime(2026, 12, 1, 9, 0, 30, tzinfo=TOKYO)


@pytest.fixture
def only(monkeypatch):
    """A registry of this test's own: `only(code, run, every)` adds to it."""
    monkeypatch.setattr(registry, "_jobs", {})
    return lambda code, run, every="02:10": registry.job(code, f"試験 {code}", run, every)


@pytest.mark.parametrize(
    ("every", "now", "slot"),
    [
        ("1m", (9, 0, 30), (1, 9, 0)),
        ("30m", (9, 29, 59), (1, 9, 0)),
        ("2h", (9, 0, 0), (1, 8, 0)),
        ("02:10", (2, 10, 0), (1, 2, 10)),
        ("02:10", (2, 9, 59), (-1, 2, 10)),
        ("00:00", (0, 0, 0), (1, 0, 0)),
    ],
)
def test_the_slot_is_the_latest_time_that_was_due(every, now, slot):
    day = 1 if slot[0] > 0 else 30
    expected = datetime(2026, 12 if day == 1 else 11, day, slot[1], slot[2], tzinfo=TOKYO)
    assert rules.slot(rules.parse(every), datetime(2026, 12, 1, *now, tzinfo=TOKYO)) == expected


@pytest.mark.parametrize("text", ["", "0m", "7m", "24:00", "5s", "1d", "2:10", "-1m"])
def test_an_unreadable_rhythm_is_refused(text):
    with pytest.raises(ValueError, match="every="):
        rules.parse(text)


def test_a_code_is_registered_once(only):
    only("x", lambda now: "")
    with pytest.raises(ValueError, match="twice"):
        only("x", lambda now: "")


@pytest.mark.django_db
def test_a_due_job_runs_once_however_often_the_clock_calls(only):
    runs = []
    only("night", lambda now: runs.append(now) or "3件")
    for minute in range(3):
        actions.run_due(MORNING + timedelta(minutes=minute))
    assert len(runs) == 1
    run = JobRun.objects.get()
    assert (run.state, run.line, run.attempt) == ("done", "3件", 1)
    assert timezone.localtime(run.slot).strftime("%m-%d %H:%M") == "12-01 02:10"
    actions.run_due(MORNING + timedelta(days=1))
    assert len(runs) == 2


@pytest.mark.django_db
def test_the_two_clocks_run_what_is_theirs(only):
    only("often", lambda now: "", "1m")
    only("night", lambda now: "")
    assert [run.job for run in actions.run_due(MORNING, rules.OFTEN)] == ["often"]
    assert [run.job for run in actions.run_due(MORNING, rules.DAILY)] == ["night"]


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_run_a_job_once(only):
    inside, go_on, runs = threading.Event(), threading.Event(), []

    def slow(now):
        runs.append(now)
        inside.set()
        assert go_on.wait(20)
        return "済"

    only("slow", slow)

    def other():
        actions.run_due(MORNING)
        connections.close_all()

    first = threading.Thread(target=other)
    first.start()
    assert inside.wait(20)
    assert actions.run_due(MORNING) == []  # while the first still runs
    go_on.set()
    first.join(20)
    assert actions.run_due(MORNING) == []  # and after it
    assert len(runs) == 1
    assert JobRun.objects.get().state == "done"


@pytest.mark.django_db(transaction=True)
def test_a_run_whose_process_was_killed_is_run_again_by_the_next_call(only):
    """The process dies with its connection: the server ends it, as it does after kill -9."""
    runs = []

    def die(now):
        runs.append(now)
        if len(runs) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                mine = cursor.fetchone()[0]
            with connections["default"].copy().cursor() as other:
                other.execute("SELECT pg_terminate_backend(%s)", [mine])
            raise SystemExit  # not an Exception: nothing of ours runs after it, as after a kill
        return "二度目で済"

    only("night", die)
    with pytest.raises((SystemExit, DatabaseError)):  # whatever the dead connection makes of it
        actions.run_due(MORNING)
    connection.close()
    assert JobRun.objects.get().state == "running"
    actions.run_due(MORNING + timedelta(minutes=1))
    assert list(JobRun.objects.values_list("attempt", "state", "line")) == [
        (2, "done", "二度目で済"),
        (1, "interrupted", "途中で止まったため、やり直しました。"),
    ]
    assert actions.run_due(MORNING + timedelta(minutes=2)) == []


@pytest.mark.django_db
def test_a_failure_stops_no_other_job_and_tells_no_text_of_an_error(only):
    def fail(now):
        raise ValueError("小林 花子 200000018")

    only("a", fail)
    only("b", lambda now: "済")
    only("c", lambda now: (_ for _ in ()).throw(JobFailed("県立の応答がありません。")))
    actions.run_due(MORNING)
    lines = dict(JobRun.objects.values_list("job", "line"))
    assert "ValueError" in lines["a"]
    assert "小林" not in lines["a"]
    assert lines["b"] == "済"
    assert lines["c"] == "県立の応答がありません。"
    assert actions.run_due(MORNING + timedelta(minutes=5)) == []  # a failure waits for somebody


@pytest.mark.req("F-SYS-014")
@pytest.mark.django_db
def test_a_failure_of_the_night_is_red_in_the_morning_and_can_be_run_again(only):
    broken = [True]

    def import_night(now):
        if broken:
            raise JobFailed("取込みのファイルが届いていません。")
        return "120件を取り込みました。"

    only("exchange.night", import_night)
    night = timezone.now()
    call_command("run_jobs")
    admin, counter = make.client("admin"), make.client("counter")
    page = admin.get("/staff/").content.decode()
    assert "notice bad" in page
    assert "取込みのファイルが届いていません。" in page
    assert "取込みのファイル" not in counter.get("/staff/").content.decode()
    assert counter.get("/jobs/").status_code == 403
    shown = admin.get("/jobs/").content.decode()
    assert "✕ 失敗" in shown
    broken.clear()
    assert counter.post("/jobs/exchange.night/rerun/").status_code == 403
    for _ in range(2):  # a second click asks for nothing more
        assert admin.post("/jobs/exchange.night/rerun/").status_code == 302
    assert "再実行待ち" in admin.get("/jobs/").content.decode()
    call_command("run_jobs")
    assert JobRun.objects.count() == 2
    assert JobRun.objects.first().line == "120件を取り込みました。"
    assert JobRun.objects.first().asked_by
    assert JobRun.objects.first().started_at >= night
    assert "取込みのファイル" not in admin.get("/staff/").content.decode()
    assert "✓ 完了" in admin.get("/jobs/").content.decode()
    assert "取込みのファイル" in admin.get("/jobs/exchange.night/").content.decode()


@pytest.mark.django_db
def test_who_may_not_run_again_sees_the_button_disabled_with_the_reason(only):
    only("night", lambda now: "")
    page = make.client("librarian").get("/jobs/").content.decode()
    assert 'disabled title="「定時処理を再実行する」権限がありません"' in page
    with pytest.raises(NotPermitted):
        actions.ask_again(make.actor("librarian"), "night", timezone.now())


@pytest.mark.django_db
def test_a_clock_that_stopped_is_told(only, django_assert_num_queries):
    only("often", lambda now: "", "1m")
    actions.run_due(MORNING)
    assert not queries.standings(MORNING + timedelta(minutes=5))[0].bad
    assert queries.standings(MORNING + timedelta(minutes=6))[0].bad
    later = MORNING + timedelta(days=1, minutes=7)
    only("night", lambda now: "")
    actions.run_due(MORNING, rules.DAILY)
    with django_assert_num_queries(2):
        found = {standing.code: standing.late for standing in queries.standings(later)}
    assert found == {"night": True, "often": True}


@pytest.mark.django_db
def test_history_is_kept_three_days_for_what_runs_often_and_its_last_success_for_ever(only):
    only("often", lambda now: "", "1m")
    only("night", lambda now: "")
    for days in (10, 5, 1):
        actions.run_due(MORNING - timedelta(days=days))
    assert actions.forget_old_runs(MORNING) == 2
    assert actions.forget_old_runs(MORNING + timedelta(days=5)) == 0
    assert JobRun.objects.filter(job="night").count() == 3


@pytest.mark.django_db
def test_the_areas_below_have_their_night_work():
    now = timezone.now()
    for key, left in (("ended", -timedelta(hours=1)), ("going-on", timedelta(hours=1))):
        Session.objects.create(session_key=key, session_data="", expire_date=now + left)
    for subject, age in (("yesterday", 25), ("today", 23)):
        FailedSignIn.objects.create(realm="patron", subject=subject, at=now - timedelta(hours=age))
    wanted = ("access.sessions", "access.failures", "circulation.settle_returns", "jobs.history")
    for code in wanted:
        job = registry.find(code)
        assert isinstance(job, Job)
        assert job.run(now).endswith("。")
    assert list(Session.objects.values_list("session_key", flat=True)) == ["going-on"]
    assert list(FailedSignIn.objects.values_list("subject", flat=True)) == ["today"]


@pytest.mark.django_db
def test_monitoring_reads_when_each_job_last_went_well_and_whether_it_fails_now(only):
    def broken(now):
        raise JobFailed("x")

    only("well", lambda now: "")
    only("broken", broken)
    actions.run_due(MORNING)
    samples = {
        (sample.name, sample.labels.get("name")): sample.value
        for metric in Business().collect()
        for sample in metric.samples
    }
    assert samples["kura_job_last_success_timestamp_seconds", "well"] == pytest.approx(MORNING.timestamp(), abs=5)
    assert ("kura_job_last_success_timestamp_seconds", "broken") not in samples
    assert samples["kura_job_failed", "well"] == 0
    assert samples["kura_job_failed", "broken"] == 1
