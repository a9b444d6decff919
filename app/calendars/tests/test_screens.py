"""Opening days and closures on the screen."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from app.branches.models import CalendarYear, ClosedDay, DayHours, DeliveryDay
from app.branches.queries import closing_of
from app.branches.rules import fiscal_year
from app.calendars.models import Redating
from app.circulation.models import Loan
from app.tests import make

pytestmark = pytest.mark.django_db


def text(response):
    return response.content.decode()


@pytest.fixture
def admin():
    return make.client("admin")


PATTERN = {
    "weekdays": ["1"],
    "nth": "第4木曜",
    "tidy": "",
    "year_end_from": "12/29",
    "year_end_to": "1/3",
    "holidays": "ignore",
    "hours": "月水木金 9:45-19:00\n土日祝 9:45-18:00",
}


@pytest.mark.req("F-SYS-002")
def test_a_year_is_laid_out_from_one_form_and_shown_month_by_month(admin):
    branch = make.branch()
    assert "未作成" in text(admin.get(reverse("calendars:places")))
    url = reverse("calendars:lay_out", args=[branch.code, 2026])
    page = text(admin.post(url, PATTERN, follow=True))
    assert "2026年度の開館日を作成しました" in page
    assert "2027年3月" in page
    assert "定例休館日" in page
    assert closing_of(branch).is_closed(date(2026, 6, 25))
    assert CalendarYear.objects.get().pattern["hours"]["0"] == ["09:45", "19:00"]


def test_a_wrong_rule_is_said_beside_its_field_and_nothing_is_lost(admin):
    branch = make.branch()
    url = reverse("calendars:lay_out", args=[branch.code, 2026])
    answer = admin.post(url, {**PATTERN, "nth": "毎月末", "hours": "月 19:00-9:00", "year_end_to": ""})
    assert answer.status_code == 422
    for sentence in ("「毎月末」は読み取れません", "閉館時刻が開館時刻より前", "両方を入力してください"):
        assert sentence in text(answer)
    assert 'value="毎月末"' in text(answer)
    assert not CalendarYear.objects.exists()


def test_a_day_is_closed_by_hand_and_the_loans_due_then_are_moved_and_told(admin):
    branch, today = make.branch(), timezone.localdate()
    day = today + timedelta(days=5)
    loan = Loan.objects.create(item=make.item(), patron=make.patron(), branch=branch, due_on=day)
    url = reverse("calendars:day", args=[branch.code, fiscal_year(day)])
    page = admin.post(url, {"day": f"{day:%Y/%m/%d}", "closed": "1", "reason": "停電工事"}, follow=True)
    assert "返却期限 1件" in text(page)
    loan.refresh_from_db()
    assert loan.due_on == day + timedelta(days=1)
    change = Redating.objects.get()
    assert change.kind == "calendar"
    # The day is still closed: taking the dates back is refused in words, and done once the day is open.
    undo = reverse("calendars:undo", args=[change.pk])
    assert "期限の元の日は今も休館日です" in text(admin.post(undo, follow=True))
    loan.refresh_from_db()
    assert loan.due_on == day + timedelta(days=1)
    admin.post(url, {"day": f"{day:%Y/%m/%d}", "closed": "0", "reason": "工事の中止"})
    assert "返却期限 1件、取置期限 0件を戻しました" in text(admin.post(undo, follow=True))
    loan.refresh_from_db()
    assert loan.due_on == day


def test_one_day_gets_its_own_hours(admin):
    branch = make.branch()
    url = reverse("calendars:day", args=[branch.code, 2026])
    sent = {"day": "R8.6.3", "closed": "0", "reason": "館内作業", "opens": "13:00", "closes": "17:00"}
    assert "変更しました" in text(admin.post(url, sent, follow=True))
    assert DayHours.objects.get().opens.hour == 13
    page = text(admin.get(reverse("calendars:year", args=[branch.code, 2026]), {"day": "2026-06-03"}))
    assert 'value="13:00"' in page
    assert admin.post(url, {**sent, "closes": ""}).status_code == 422


@pytest.mark.req("F-TRF-006")
def test_the_van_days_of_a_branch_are_set_and_the_day_of_arrival_is_shown(admin):
    branch = make.branch()
    today = timezone.localdate()
    tomorrow = today + timedelta(days=1)
    url = reverse("calendars:weekly", args=[branch.code, 2026])
    admin.post(url, {"deliveries": [str(tomorrow.weekday())], "closed_weekdays": []})
    assert DeliveryDay.objects.get().weekday == tomorrow.weekday()
    assert f"{tomorrow.month}月{tomorrow.day}日" in text(admin.get(reverse("calendars:places")))
    assert admin.post(url, {"closed_weekdays": list("0123456")}).status_code == 422


@pytest.mark.req("F-SYS-002")
def test_a_year_is_copied_to_other_branches(admin):
    here, there = make.branch(), make.branch("nanbu", name="南部図書館", short="南部")
    admin.post(reverse("calendars:lay_out", args=[here.code, 2026]), PATTERN)
    url = reverse("calendars:copy", args=[here.code, 2026])
    page = text(admin.post(url, {"year": "2027", "branches": [here.pk, there.pk]}, follow=True))
    assert "2館に写しました" in page
    assert closing_of(there).is_closed(date(2027, 4, 6))
    assert admin.post(url, {"year": "2027", "branches": []}).status_code == 422


@pytest.mark.req("F-SYS-004")
def test_a_closure_is_previewed_registered_and_taken_back(admin):
    branch, today = make.branch(), timezone.localdate()
    day = today + timedelta(days=4)
    loan = Loan.objects.create(item=make.item(), patron=make.patron(name="山田 太郎"), branch=branch, due_on=day)
    sent = {
        "kind": "closure", "first": f"{day:%Y/%m/%d}", "last": f"{day + timedelta(days=1):%Y/%m/%d}",
        "reason": "大雪", "due_to": "", "hold_days": "", "branches": [branch.pk],
    }  # fmt: skip
    seen = text(admin.post(reverse("calendars:new"), {**sent, "step": "preview"}))
    assert "<b>1</b>件" in seen
    assert "山田" not in seen
    assert not ClosedDay.objects.exists()
    told = seen.split('name="seen" value="')[1].split('"')[0]
    other = text(admin.post(reverse("calendars:new"), {**sent, "hold_days": "9", "step": "save", "seen": told}))
    assert "件数を確かめる" in other
    assert not Redating.objects.exists()
    done = text(admin.post(reverse("calendars:new"), {**sent, "step": "save", "seen": told}, follow=True))
    assert "返却期限 1件、取置期限 0件を変えました" in done
    loan.refresh_from_db()
    assert loan.due_on == day + timedelta(days=2)
    change = Redating.objects.get()
    assert change.hold_days == 2
    back = text(admin.post(reverse("calendars:undo", args=[change.pk]), follow=True))
    assert "取り消しました" in back
    loan.refresh_from_db()
    assert loan.due_on == day
    again = text(admin.post(reverse("calendars:undo", args=[change.pk]), follow=True))
    assert "取り消せるのは済んだ変更だけ" in again
    assert "大雪" in text(admin.get(reverse("calendars:changes")))
    assert "大雪" in text(admin.get(reverse("regulations:history"), {"kind": "redating"}))


def test_a_change_at_work_shows_how_far_it_is_and_goes_on(admin):
    change = Redating.objects.create(
        kind="closure", first=date(2027, 1, 5), last=date(2027, 1, 6), reason="停電", made_by="x",
        loans_total=10, loans_moved=4,
    )  # fmt: skip
    change.branches.set([make.branch()])
    page = text(admin.get(reverse("calendars:change", args=[change.pk])))
    assert "10件のうち4件" in page
    done = text(admin.post(reverse("calendars:go_on", args=[change.pk]), follow=True))
    assert "変えました" in done


def test_wrong_spans_are_said_beside_their_fields(admin):
    sent = {"kind": "extension", "first": "2027/1/10", "last": "2027/1/5", "reason": "", "branches": []}
    answer = admin.post(reverse("calendars:new"), {**sent, "step": "save"})
    assert answer.status_code == 422
    for sentence in ("最終日は初日以後", "新しい返却期限を入力", "事由を入力", "館を選んで"):
        assert sentence in text(answer)
    assert not Redating.objects.exists()


def test_everywhere_and_single_branches_together_are_a_question(admin):
    day = timezone.localdate() + timedelta(days=4)
    sent = {
        "kind": "closure", "first": f"{day:%Y/%m/%d}", "last": f"{day:%Y/%m/%d}", "reason": "大雪",
        "everywhere": "on", "branches": [make.branch().pk], "step": "preview",
    }  # fmt: skip
    answer = admin.post(reverse("calendars:new"), sent)
    assert answer.status_code == 422
    assert "どちらかにしてください" in text(answer)
    make.branch("nanbu")
    everywhere = text(admin.post(reverse("calendars:new"), {**sent, "branches": []}))
    assert "<b>2</b>日" in everywhere


def test_the_counter_sees_the_calendar_and_changes_nothing():
    branch, counter = make.branch(), make.client("counter")
    page = text(counter.get(reverse("calendars:year", args=[branch.code, 2026])))
    assert "規則で1年分" not in page
    assert counter.post(reverse("calendars:lay_out", args=[branch.code, 2026]), PATTERN).status_code == 403
    assert counter.get(reverse("calendars:new")).status_code == 403
    assert counter.get(reverse("calendars:year", args=["nowhere", 2026])).status_code == 404
