"""Messages to staff and who has not read them; manuals with version and date."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from app.access.actions import NotPermitted
from app.access.models import Role, StaffUser
from app.office.actions import manuals, messages
from app.office.models import ManualRevision, MessageRead, StaffMessage
from app.tests import make


def sent(branches=(), roles=(), **days):
    today = timezone.localdate()
    actor = make.actor("librarian")
    return messages.send(actor, "臨時休館", "明日は休館です。", today, today + timedelta(days=3), branches, roles)


@pytest.mark.req("F-SYS-016")
@pytest.mark.django_db
def test_a_message_to_one_library_and_role_is_read_there_and_the_list_says_who_has_not():
    here, there = make.branch("nagano"), make.branch("nanbu")
    counter = Role.objects.get(code="counter")
    reader = make.staff("counter", name="読む 人")
    other = make.staff("counter", name="読まない 人")
    make.staff("librarian", name="司書の 人")
    make.staff("counter", branch=there, name="南部の 人")
    gone = make.staff("counter", name="辞めた 人", valid_until=timezone.localdate() - timedelta(days=1))
    message = sent([here.pk], [counter.pk])
    browser = Client()
    browser.force_login(reader)
    assert "未読の知らせが1件あります" in browser.get("/staff/").content.decode()
    for _ in range(2):  # pressed twice
        assert browser.post(f"/office/messages/{message.pk}/read/").status_code == 302
    assert MessageRead.objects.count() == 1
    assert "未読の知らせ" not in browser.get("/staff/").content.decode()
    page = make.client("librarian").get(f"/office/messages/{message.pk}/").content.decode()
    assert "既読 1 / 2 人" in page
    assert other.name in page
    for name in (reader.name, "司書の 人", "南部の 人", gone.name):
        assert f"<td>{name}</td>" not in page
    elsewhere = Client()
    elsewhere.force_login(StaffUser.objects.get(name="南部の 人"))
    assert "臨時休館" not in elsewhere.get("/office/messages/").content.decode()
    assert elsewhere.post(f"/office/messages/{message.pk}/read/").status_code == 404


@pytest.mark.django_db
def test_messages_end_and_can_be_taken_down_and_the_counter_writes_none():
    message = sent()
    browser = make.client("counter")
    assert "臨時休館" in browser.get("/office/messages/").content.decode()
    assert browser.get("/office/messages/new/").status_code == 403
    assert browser.get(f"/office/messages/{message.pk}/").status_code == 403
    StaffMessage.objects.update(
        since=timezone.localdate() - timedelta(days=9), until=timezone.localdate() - timedelta(days=1)
    )
    assert "臨時休館" not in browser.get("/office/messages/").content.decode()
    with pytest.raises(NotPermitted):
        messages.withdraw(make.actor("counter"), message.pk, timezone.now())


@pytest.mark.django_db
def test_a_message_is_written_on_the_screen():
    today = timezone.localdate()
    data = {"title": "棚替え", "body": "3階です。", "since": today.isoformat(), "until": today.isoformat()}
    browser = make.client("librarian")
    assert browser.post("/office/messages/new/", data).status_code == 302
    wrong = browser.post("/office/messages/new/", {**data, "until": (today - timedelta(days=1)).isoformat()})
    assert wrong.status_code == 400
    assert StaffMessage.objects.count() == 1


@pytest.mark.req("F-SYS-018")
@pytest.mark.django_db
def test_a_revised_manual_is_on_every_terminal_at_once_with_version_and_date():
    counter = make.client("counter")
    listing = counter.get("/office/manual/").content.decode()
    assert "貸出の窓口" in listing
    before = counter.get("/office/manual/lending/").content.decode()
    assert "第1版" in before
    text = "## 手順\n1. 新しい手順です。\n- 注意"
    revised = {"title": "貸出の窓口", "body": text, "note": "手順を改めた"}
    assert counter.post("/office/manual/lending/revise/", revised).status_code == 403
    assert make.client("librarian").post("/office/manual/lending/revise/", revised).status_code == 302
    page = counter.get("/office/manual/lending/").content.decode()
    today = timezone.localdate()
    assert f"第2版 {today.year}年{today.month}月{today.day}日改訂" in page
    assert "<li>新しい手順です。</li>" in page
    assert "手順を改めた" in page
    assert "これは古い版です" in counter.get("/office/manual/lending/?version=1").content.decode()
    assert counter.get("/office/manual/none/").status_code == 404


@pytest.mark.django_db
def test_a_release_brings_its_pages_and_leaves_the_librarys_own_alone(tmp_path):
    today = timezone.localdate()
    (tmp_path / "trial.md").write_text("# 試験\n本文", encoding="utf-8")
    assert manuals.seed_manuals(tmp_path, today) == 1
    assert manuals.seed_manuals(tmp_path, today) == 0
    (tmp_path / "trial.md").write_text("# 試験\n新しい本文", encoding="utf-8")
    assert manuals.seed_manuals(tmp_path, today) == 1
    assert ManualRevision.objects.filter(slug="trial").first().version == 2
    manuals.revise(make.actor("librarian"), "trial", title="館の版", body="x", note="x", today=today)
    (tmp_path / "trial.md").write_text("# 試験\nさらに新しい本文", encoding="utf-8")
    assert manuals.seed_manuals(tmp_path, today) == 0
    assert ManualRevision.objects.filter(slug="trial").first().title == "館の版"


@pytest.mark.django_db
def test_nothing_in_a_manual_becomes_markup_of_its_own():
    librarian = make.client("librarian")
    librarian.post("/office/manual/x/revise/", {"title": "<b>x", "body": "<script>alert(1)</script>", "note": "x"})
    page = librarian.get("/office/manual/x/").content.decode()
    assert "<script>alert" not in page
    assert "<b>x" not in page
