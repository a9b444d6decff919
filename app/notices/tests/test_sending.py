"""Handing over: once, to one, at the right hour, whatever dies half way; and what comes back."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from app.audit.models import AuditEvent
from app.circulation.models import Loan
from app.holds.actions import decide_request
from app.holds.models import Contact, Hold, HoldEntry, HoldSet, PurchaseRequest, Route, Status
from app.jobs.registry import find
from app.notices import dsn, queries, transports
from app.notices.actions import planning, returned, sending, setting, settling
from app.notices.codes import Adapter, Kind, State
from app.notices.models import BadAddress, Line, Means, Notice, Policy
from app.notices.tests.conftest import ACTOR, at
from app.notices.tests.mailserver import bounce, put_bounce
from app.notices.tests.test_overdue import approved
from app.regulations.models import Regulation
from app.tests import make

ROOT = Path(__file__).resolve().parents[3]


def on_shelf(patron, now, title="こころ", contact=Contact.MAIL):
    """A hold that came onto the shelf."""
    item = make.item(title)
    return Hold.objects.create(
        patron=patron,
        record=item.record,
        item=item,
        pickup=item.branch,
        contact=contact,
        route=Route.WEB,
        received_at=now,
        queue_at=now,
        status=Status.READY,
        ready_at=now,
    )


@pytest.fixture
def ready(now):
    """A function: a hold that came onto the shelf, now or at another time."""

    def put(patron, title="こころ", contact=Contact.MAIL, at=None):
        return on_shelf(patron, at or now, title, contact)

    return put


@pytest.mark.req("F-NTC-001")
def test_a_hold_on_the_shelf_is_told_at_the_next_run(today, now, reader, ready, mailserver):
    patron = reader()
    hold = ready(patron, "こころ")
    job = find("notices.tell")
    assert job.every.step <= timedelta(minutes=15), "the job's own interval is part of the promise"
    job.run(now)
    [(_, recipients, mail)] = mailserver.mails
    hold.refresh_from_db()
    text = mail.get_content()
    assert recipients == [patron.email]
    assert "こころ" in text
    assert hold.pickup.name in text
    assert f"{hold.keep_until.month}月{hold.keep_until.day}日" in text
    assert hold.contacted_on == today
    assert [(entry.kind, entry.result) for entry in hold.entries.all()] == [
        (HoldEntry.Kind.CONTACT, HoldEntry.Result.SENT)
    ]
    job.run(now + timedelta(minutes=5))
    assert len(mailserver.mails) == 1


def test_two_holds_of_a_patron_are_one_mail_and_a_call_is_not_ours(now, reader, ready, mailserver):
    patron = reader()
    ready(patron, "こころ")
    ready(patron, "草枕")
    ready(reader(), "三四郎", Contact.PHONE)
    assert planning.plan_ready(ACTOR, now) == 1
    ready(patron, "門")
    planning.plan_ready(ACTOR, now)
    sending.send_due(ACTOR, now)
    [(_, _, mail)] = mailserver.mails
    assert all(title in mail.get_content() for title in ("こころ", "草枕", "門"))


@pytest.mark.req("F-NTC-014")
def test_what_is_ready_after_nine_in_the_evening_goes_at_nine_in_the_morning(today, reader, ready, mailserver):
    evening, morning = at(today, 21, 10), at(today + timedelta(days=1), 9)
    ready(reader(), at=evening)
    planning.plan_ready(ACTOR, evening)
    assert sending.send_due(ACTOR, evening).handed == 0
    assert sending.send_due(ACTOR, morning - timedelta(minutes=1)).handed == 0
    assert sending.send_due(ACTOR, morning).handed == 1


@pytest.mark.req("F-NTC-014")
def test_a_closed_day_waits_when_the_policy_says_so(today, reader, ready, mailserver):
    make.branch()
    Policy.objects.filter(kind=Kind.READY).update(on_closed_days=False)
    hold = ready(reader())
    hold.pickup.closed_weekdays = str(today.weekday())
    hold.pickup.save()
    planning.plan_ready(ACTOR, at(today))
    assert sending.send_due(ACTOR, at(today, 20)).handed == 0
    assert sending.send_due(ACTOR, at(today + timedelta(days=1), 9)).handed == 1


@pytest.mark.req("F-NTC-002")
def test_three_days_before_those_who_wished_get_one_mail(today, now, reader, late, mailserver):
    Regulation.objects.update(due_soon_days=3)
    wished, not_wished = reader(), reader()
    setting.wish(ACTOR, wished.pk, due_soon=True)
    late(wished, -3, "期限の近い本")
    late(wished, -9, "まだ先の本")
    late(not_wished, -3)
    assert planning.plan_due(ACTOR, now - timedelta(days=1)) == 0
    assert planning.plan_due(ACTOR, now) == 1
    assert planning.plan_due(ACTOR, now) == 0
    assert planning.plan_due(ACTOR, now + timedelta(days=1)) == 0
    sending.send_due(ACTOR, now)
    [(_, recipients, mail)] = mailserver.mails
    assert recipients == [wished.email]
    assert "期限の近い本" in mail.get_content()
    assert "まだ先の本" not in mail.get_content()


@pytest.mark.req("F-PAT-008")
def test_a_card_that_ends_within_thirty_days_is_told_once(today, now, reader, mailserver):
    soon, later = reader(valid_until=today + timedelta(days=30)), reader(valid_until=today + timedelta(days=31))
    assert planning.plan_cards(ACTOR, now) == 1
    assert planning.plan_cards(ACTOR, now) == 0
    sending.send_due(ACTOR, now)
    [(_, recipients, mail)] = mailserver.mails
    assert recipients == [soon.email] != [later.email]
    assert f"{soon.valid_until.month}月{soon.valid_until.day}日" in mail.get_content()


@pytest.mark.req("F-NTC-011")
def test_a_hundred_mails_have_one_recipient_each(now, reader, late, mailserver):
    for _ in range(100):
        late(reader(), 8)
    approved(planning.plan_overdue(ACTOR, now), now)
    assert sending.send_due(ACTOR, now).handed == 100
    assert len(mailserver.mails) == 100
    everybody = {recipients[0] for _, recipients, _ in mailserver.mails}
    assert len(everybody) == 100
    for sender, recipients, mail in mailserver.mails:
        others = everybody - set(recipients)
        text = mail.as_string()
        assert len(recipients) == len(mail["To"].addresses) == 1
        assert not mail["Cc"]
        assert not mail["Bcc"]
        assert not any(other in text for other in others)
        assert sender.startswith("n+")
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail.get_content_charset() == "utf-8"
    assert len({mail["Message-ID"] for _, _, mail in mailserver.mails}) == 100


def test_a_line_that_breaks_after_the_text_is_resolved_by_the_receipt(now, reader, late, mailserver):
    for _ in range(3):
        late(reader(), 8)
    approved(planning.plan_overdue(ACTOR, now), now)
    mailserver.silent_after_data, later = 1, now + timedelta(minutes=20)
    sent = sending.send_due(ACTOR, now)
    assert (sent.handed, sent.unknown) == (2, 1)
    assert returned.read(ACTOR, later).accepted == 1
    assert sending.resolve_unknown(ACTOR, later) == 0
    assert sending.send_due(ACTOR, later).handed == 0
    assert len(mailserver.mails) == 3


def test_a_line_that_breaks_before_the_text_was_taken_sends_again_under_the_same_name(now, reader, late, mailserver):
    late(reader(), 8)
    approved(planning.plan_overdue(ACTOR, now), now)
    mailserver.deaf_to_data, later = 1, now + timedelta(minutes=20)
    assert sending.send_due(ACTOR, now).unknown == 1
    token = Notice.objects.get().token
    assert sending.resolve_unknown(ACTOR, now + timedelta(minutes=5)) == 0, "a receipt may still be on its way"
    assert returned.read(ACTOR, later).accepted == 0
    assert sending.resolve_unknown(ACTOR, later) == 1
    assert sending.send_due(ACTOR, later).handed == 1
    [(sender, _, mail)] = mailserver.mails
    assert token.hex in sender
    assert token.hex in mail["Message-ID"]


def test_a_server_that_is_down_costs_nothing_but_time(settings, now, reader, late, mailserver):
    late(reader(), 8)
    approved(planning.plan_overdue(ACTOR, now), now)
    port, settings.MAIL_PORT = settings.MAIL_PORT, 1
    assert sending.send_due(ACTOR, now).later == 1
    settings.MAIL_PORT = port
    assert sending.send_due(ACTOR, now).handed == 0
    assert sending.send_due(ACTOR, now + timedelta(minutes=10)).handed == 1


KILLED = """
import django, os, sys
django.setup()
from django.conf import settings
settings.MAIL_HOST, settings.MAIL_PORT, settings.MAIL_SPOOL = "127.0.0.1", int(sys.argv[1]), sys.argv[2]
from datetime import datetime
from app.access.actor import system
from app.notices.actions import sending
print(sending.send_due(system("test"), datetime.fromisoformat(sys.argv[3])))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("F-NTC-011", "F-NTC-001")
def test_a_job_that_is_killed_half_way_tells_everybody_once(reader, late, mailserver, tmp_path):
    """The process is killed with SIGKILL at the instant in which the server has the mail and has not said so."""
    setting.seed()
    now = at(timezone.localdate())
    with transaction.atomic():  # a patron's card is looked for at commit
        patrons = [reader() for _ in range(12)]
    for patron in patrons:
        late(patron, 8)
    approved(planning.plan_overdue(ACTOR, now), now)
    environment = {**os.environ, "KURA_TEST_DB": connection.settings_dict["NAME"], "PYTHONPATH": str(ROOT)}
    environment["DJANGO_SETTINGS_MODULE"] = "app.settings.test"
    for kill_at in (3, 6):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(mailserver.port), str(tmp_path), now.isoformat()], env=environment
        )

        def kill(process=process, kill_at=kill_at):
            if len(mailserver.mails) == kill_at:
                os.kill(process.pid, signal.SIGKILL)

        mailserver.before_answer = kill
        assert process.wait(timeout=60) == -signal.SIGKILL
    mailserver.before_answer = lambda: None
    assert Notice.objects.filter(state=State.HANDING).count() == 2
    later = now + timedelta(minutes=20)
    returned.read(ACTOR, later)
    sending.resolve_unknown(ACTOR, later)
    sending.send_due(ACTOR, later)
    told = sorted(recipients[0] for _, recipients, _ in mailserver.mails)
    assert told == sorted(patron.email for patron in patrons)
    assert set(Notice.objects.values_list("state", flat=True)) == {State.HANDED}


@pytest.mark.req("F-NTC-013")
def test_three_that_bounce_stand_on_the_phone_list_next_morning(today, now, reader, late, mailserver, tmp_path):
    patrons = [reader() for _ in range(5)]
    for patron in patrons:
        late(patron, 8)
    approved(planning.plan_overdue(ACTOR, now), now)
    mailserver.unknown.add(patrons[0].email)  # refused at once
    sent = sending.send_due(ACTOR, now)
    assert (sent.handed, sent.refused) == (4, 1)
    for place, patron in enumerate(patrons[1:3]):  # accepted, and returned by the other side's server later
        token = Notice.objects.get(patron=patron).token.hex
        put_bounce(tmp_path, bounce(token, patron.email), f"{place}.mail")
    put_bounce(tmp_path, b"From: somebody@example\r\nTo: n@x\r\n\r\nhello", "9.mail")
    put_bounce(tmp_path, bounce("0" * 32, "nobody@example"), "10.mail")
    found = returned.read(ACTOR, now)
    assert (found.bounced, found.other) == (2, 2)
    assert returned.read(ACTOR, now).bounced == 0
    calls = queries.phone_list(today + timedelta(days=1))
    assert {notice.patron_id for notice in calls} == {patron.pk for patron in patrons[:3]}
    assert Notice.objects.filter(state=State.BOUNCED, result__contains="5.1.1").count() == 3
    page = make.client("counter").get("/notices/phone/?branch=").content.decode()
    assert page.count("メール等が届かず") == 3
    # The next reminder does not try the address again, until the patron has another.
    mail = Means.objects.get(code="mail")
    assert "mail" not in queries.reachable(patrons[0], {"mail": mail})
    patrons[0].email = "another@mail.example"
    patrons[0].save()
    assert "mail" in queries.reachable(patrons[0], {"mail": mail})
    assert BadAddress.objects.count() == 3


def test_a_full_mailbox_says_nothing_against_the_address(today, now, reader, late, mailserver, tmp_path):
    patron = reader()
    late(patron, 8)
    approved(planning.plan_overdue(ACTOR, now), now)
    sending.send_due(ACTOR, now)
    put_bounce(tmp_path, bounce(Notice.objects.get().token.hex, patron.email, "5.2.2"))
    assert returned.read(ACTOR, now).bounced == 1
    assert not BadAddress.objects.exists()
    assert len(queries.phone_list(today)) == 1


def test_a_delayed_mail_and_an_auto_reply_are_no_bounces():
    text = bounce("a" * 32, "x@y.example")
    assert dsn.read(text) == dsn.Report("a" * 32, "failed", "5.1.1")
    assert dsn.read(text.replace(b"Action: failed", b"Action: delayed")).action == "delayed"
    reply = b"Delivered-To: n+" + b"a" * 32 + b"@kura.example\r\nFrom: me@y.example\r\n\r\nI am away. 5.1.1\r\n"
    assert dsn.read(reply) is None
    old = reply.replace(b"me@y.example", b"MAILER-DAEMON@y.example")
    assert dsn.read(old) == dsn.Report("a" * 32, "failed", "5.1.1")
    assert dsn.read(b"\xff\xfe\x00nonsense") is None


@pytest.mark.req("F-NTC-015")
def test_another_means_is_added_by_setting_alone(now, reader, late, mailserver):
    got = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append((self.headers["Authorization"], self.headers["Idempotency-Key"], body))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *args):
            pass

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=receiver.serve_forever, daemon=True).start()
    given = {
        "code": "sms",
        "name": "ショートメッセージ",
        "adapter": Adapter.HTTP,
        "address_field": "phone",
        "target": f"http://127.0.0.1:{receiver.server_port}/send",
        "secret": "key-of-the-service",
        "enabled": "on",
        "order": 15,
    }
    assert make.client("admin").post("/notices/settings/means/", given).status_code == 302
    patron = reader()
    setting.wish(ACTOR, patron.pk, due_soon=True, prefers_id=Means.objects.get(code="sms").pk)
    late(patron, 8, "題名")
    approved(planning.plan_overdue(ACTOR, now), now)
    assert sending.send_due(ACTOR, now).handed == 1
    receiver.shutdown()
    [(key, name, body)] = got
    assert key == "Bearer key-of-the-service"
    assert name == body["id"] == Notice.objects.get().token.hex
    assert body["to"] == patron.phone
    assert "題名" in body["body"]
    assert not mailserver.mails
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM notices_means WHERE code = 'sms'")
        assert b"key-of-the-service" not in bytes(cursor.fetchone()[0])
        cursor.execute("SELECT count(*) FROM audit_auditevent WHERE detail::text LIKE '%key-of-the-service%'")
        assert cursor.fetchone() == (0,), "the log says that the key was changed, and not to what"


@pytest.mark.req("F-NTC-015")
def test_a_folder_is_a_means_too(now, reader, late, mailserver, tmp_path):
    what = {"name": "自動音声", "adapter": Adapter.FILE, "address_field": "phone", "target": "voice", "order": 15}
    with pytest.raises(ValidationError, match="暗号化"):
        setting.put_means(ACTOR, "voice", **what)
    secret = "shared-with-the-system-that-fetches"
    means = setting.put_means(ACTOR, "voice", **what, secret=secret)
    patron = reader()
    setting.wish(ACTOR, patron.pk, due_soon=False, prefers_id=means.pk)
    late(patron, 8)
    approved(planning.plan_overdue(ACTOR, now), now)
    assert sending.send_due(ACTOR, now).handed == 1
    [path] = (tmp_path / "drop" / "voice").iterdir()
    content = path.read_bytes()
    assert patron.phone.encode() not in content
    token = Notice.objects.get().token.hex
    opened = AESGCM(transports.file_key(secret)).decrypt(content[:12], content[12:], token.encode())
    assert json.loads(opened)["to"] == patron.phone


def test_of_a_notice_kind_stage_day_means_and_result_outlive_the_loan(now, today, reader, late, mailserver):
    patron = reader()
    loan = late(patron, 8, "秘密の題名")
    approved(planning.plan_overdue(ACTOR, now), now)
    sending.send_due(ACTOR, now)
    assert Line.objects.count() == 1
    Loan.objects.filter(pk=loan.pk).delete()
    assert not Line.objects.exists(), "the database takes the line with the loan"
    settling.settle(ACTOR, today + timedelta(days=1))
    notice = Notice.objects.values().get()
    assert (notice["kind"], notice["stage"], notice["state"]) == ("overdue", 1, "handed")
    assert (notice["handed_at"], notice["not_before"], notice["branch_id"]) == (None, None, None)
    assert notice["token"] is not None, "late bounces are recognised for a while"
    settling.settle(ACTOR, today + timedelta(days=16))
    assert Notice.objects.values_list("token", flat=True).get() is None
    columns = {field.name for field in Notice._meta.concrete_fields}
    assert not columns & {"item", "record", "title", "body", "subject"}
    settling.settle(ACTOR, today + timedelta(days=1200))
    assert not Notice.objects.exists()


def test_the_log_of_a_run_names_no_patron(now, reader, ready, mailserver):
    ready(reader())
    planning.plan_ready(ACTOR, now)
    sending.send_due(ACTOR, now)
    events = AuditEvent.objects.filter(operation__startswith="notices.")
    assert events.exists()
    assert not events.filter(subject_type="patron").exists()


@pytest.mark.req("F-RSV-021")
def test_a_set_to_be_fetched_together_is_told_of_with_its_last_piece_and_once(now, reader, ready, mailserver):
    patron = reader()
    together = HoldSet.objects.create(kind=HoldSet.Kind.TOGETHER, patron=patron)
    holds = [ready(patron, title) for title in ("上", "中", "下")]
    Hold.objects.filter(pk__in=[hold.pk for hold in holds]).update(belongs_to=together)
    last = holds[2]
    Hold.objects.filter(pk=last.pk).update(status=Status.TRANSIT, ready_at=None)
    assert planning.plan_ready(ACTOR, now) == 0
    Hold.objects.filter(pk=last.pk).update(status=Status.READY, ready_at=now)
    assert planning.plan_ready(ACTOR, now) == 1
    assert planning.plan_ready(ACTOR, now) == 0
    sending.send_due(ACTOR, now)
    [(_, _, mail)] = mailserver.mails
    assert [line[:2] for line in mail.get_content().splitlines() if line.startswith("・")] == ["・上", "・中", "・下"]


@pytest.mark.req("F-RSV-029")
def test_a_decision_about_a_purchase_request_is_told_once(now, reader, mailserver):
    patron = reader()
    request = PurchaseRequest.objects.create(
        patron=patron,
        title="まだない本",
        received_at=now,
        route=Route.WEB,
        pickup=make.branch(),
        contact=Contact.MAIL,
    )
    assert planning.plan_requests(ACTOR, now) == 0
    decide_request(ACTOR, request.pk, PurchaseRequest.Status.DECLINED, "県立図書館が所蔵")
    assert planning.plan_requests(ACTOR, now) == 1
    assert planning.plan_requests(ACTOR, now) == 0
    sending.send_due(ACTOR, now)
    [(_, recipients, mail)] = mailserver.mails
    request.refresh_from_db()
    assert recipients == [patron.email]
    assert "まだない本" in mail.get_content()
    assert request.answer in mail.get_content()
    assert request.told_at == now


@pytest.mark.django_db(transaction=True)
def test_four_planners_at_once_make_one_notice_for_each(reader, late):
    setting.seed()
    now = at(timezone.localdate())
    Policy.objects.filter(kind=Kind.DUE).update(enabled=True)
    Regulation.objects.update(due_soon_days=3)
    with transaction.atomic():
        patrons = [reader() for _ in range(6)]
        for patron in patrons:
            setting.wish(ACTOR, patron.pk, due_soon=True)
            late(patron, -2)
            late(patron, -3)

    def plan():
        try:
            planning.plan_due(ACTOR, now)
        finally:
            connection.close()

    threads = [Thread(target=plan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Notice.objects.count() == 6
    assert Line.objects.count() == 12
