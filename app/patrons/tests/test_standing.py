"""Validity, stops, notes, returned post, categories that may not: what decides whether somebody may do something."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from app.access.actions import NotPermitted, SignInRefused
from app.access.actor import Actor, system
from app.circulation import actions as circulation
from app.holds.actions import requests
from app.holds.actions.operations import HoldRefused
from app.holds.actions.placing import Wanted, place
from app.holds.models import PurchaseRequest
from app.patrons import actions, queries, rules
from app.patrons.models import Patron, PatronCategory, PatronPolicy
from app.tests import make

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


def at(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), timezone.get_current_timezone()) + timedelta(hours=12)


@pytest.mark.req("F-PAT-007")
def test_a_renewal_makes_the_card_valid_for_the_categorys_years_from_that_day_and_keeps_the_day_of_the_address():
    patron = make.patron(valid_until=date(2026, 12, 20), post_returned_on=date(2026, 10, 1))
    PatronCategory.objects.filter(pk=patron.category_id).update(validity_years=3)
    clerk = make.actor()
    with pytest.raises(ValidationError, match="現住所"):
        actions.renew(clerk, patron, address_confirmed=False, today=TODAY)
    actions.renew(clerk, patron, address_confirmed=True, today=TODAY)
    patron.refresh_from_db()
    assert patron.valid_until == date(2029, 11, 24)
    assert patron.address_confirmed_on == TODAY
    assert patron.post_returned_on is None
    assert ["有効期限", "2026/12/20", "2029/11/24"] in patron.changes.get().fields


@pytest.mark.req("F-PAT-007")
def test_each_category_has_its_own_years():
    wide = PatronCategory.objects.get(code="wide")
    patron = make.patron(category=wide)
    actions.renew(make.actor(), patron, address_confirmed=True, today=date(2028, 2, 29))
    patron.refresh_from_db()
    assert patron.valid_until == date(2029, 2, 28)


@pytest.mark.req("F-PAT-008")
@pytest.mark.parametrize(("left", "told"), [(30, True), (0, True), (31, False)])
def test_a_card_that_ends_within_the_days_is_told_at_the_counter_and_listed_for_notices(left, told):
    patron = make.patron(valid_until=TODAY + timedelta(days=left))
    notes = [note.text for note in queries.at_counter(patron, TODAY)]
    assert any("有効期限まであと" in text for text in notes) == told
    assert (patron in queries.expiring(TODAY)) == told


@pytest.mark.req("F-PAT-008")
def test_the_lending_screen_shows_it():
    patron = make.patron(valid_until=timezone.localdate() + timedelta(days=30))
    browser = make.client()
    shown = browser.post("/counter/", {"scan": patron.card_number}).content.decode()
    assert "有効期限まであと30日" in shown


@pytest.mark.req("F-PAT-009")
def test_a_returned_letter_is_told_when_the_card_is_read_until_the_address_is_confirmed():
    patron = make.patron()
    browser = make.client()
    browser.post(f"/patrons/{patron.pk}/post/", {"act": "returned"})
    assert "郵便が返戻されています" in browser.post("/counter/", {"scan": patron.card_number}).content.decode()
    browser.post(f"/patrons/{patron.pk}/post/", {"act": "confirmed"})
    patron.refresh_from_db()
    assert patron.address_confirmed_on == timezone.localdate()
    assert "郵便が返戻" not in browser.post("/counter/", {"scan": patron.card_number}).content.decode()


@pytest.mark.req("F-PAT-017")
def test_somebody_whose_holds_are_stopped_borrows_and_holds_nothing():
    patron, clerk = make.patron(), make.actor()
    actions.stop(clerk, patron, ["hold"], "受取なしが続いたため", None)
    outcome = circulation.lend(clerk, patron.pk, make.item().barcode, make.branch())
    assert outcome.code == "lend"
    with pytest.raises(HoldRefused, match="予約を停止"):
        place(Actor("patron", str(patron.pk)), patron.pk, Wanted(make.item().record_id))


@pytest.mark.req("F-PAT-017")
def test_each_stop_works_for_its_kind_only_and_ends_by_itself_the_day_after():
    patron, clerk = make.patron(), make.actor()
    actions.set_password(patron, "hon-wo-yomu-2026", temporary=False)
    actions.stop(clerk, patron, ["lend", "web"], "規則違反", TODAY + timedelta(days=7), today=TODAY)
    patron.refresh_from_db()
    for day, stopped in ((TODAY, True), (TODAY + timedelta(days=7), True), (TODAY + timedelta(days=8), False)):
        assert bool(queries.refusal(patron, "lend", day)) is stopped
        assert bool(queries.refusal(patron, "web", day)) is stopped
        assert queries.refusal(patron, "hold", day) == ""
    lent = circulation.lend(clerk, patron.pk, make.item().barcode, make.branch(), now=at(TODAY + timedelta(days=8)))
    assert lent.code == "lend"


@pytest.mark.req("F-PAT-017")
def test_a_stop_of_the_web_refuses_the_sign_in_and_ends_an_open_session_and_lifting_it_lets_in_again():
    patron, clerk = make.patron(), make.actor()
    actions.set_password(patron, "hon-wo-yomu-2026", temporary=False)
    browser = Client()
    asked = {"card_number": patron.card_number, "password": "hon-wo-yomu-2026"}
    assert browser.post("/my/sign-in/", asked).status_code == 302
    row = actions.stop(clerk, patron, ["web"], "不正利用の疑い", None)[0]
    assert browser.get("/my/").status_code == 302
    with pytest.raises(SignInRefused):
        actions.sign_in(patron.card_number, "hon-wo-yomu-2026", Actor("anonymous"))
    make.client().post(f"/patrons/stops/{row.pk}/lift/")
    assert actions.sign_in(patron.card_number, "hon-wo-yomu-2026", Actor("anonymous")) == patron


def test_two_stops_of_one_kind_end_with_the_later_and_the_reason_is_shown_at_the_counter():
    patron, clerk = make.patron(), make.actor()
    short = actions.stop(clerk, patron, ["lend"], "一", TODAY + timedelta(days=1), today=TODAY)[0]
    long = actions.stop(clerk, patron, ["lend"], "付録の未返却", TODAY + timedelta(days=9), today=TODAY)[0]
    patron.refresh_from_db()
    assert patron.stopped_until == TODAY + timedelta(days=9)
    actions.lift_stop(clerk, long.pk, today=TODAY)
    patron.refresh_from_db()
    assert patron.stopped_until == TODAY + timedelta(days=1)
    assert "：一" in queries.at_counter(patron, TODAY)[0].text
    actions.lift_stop(clerk, short.pk, today=TODAY)
    patron.refresh_from_db()
    assert patron.stopped_until is None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"reason": "理由", "until": ""}, "停止する対象"),
        ({"kinds": ["lend"], "reason": "", "until": ""}, "理由"),
        ({"kinds": ["lend"], "reason": "理由", "until": "2020-01-01"}, "終了日が過ぎて"),
        ({"kinds": ["everything"], "reason": "理由", "until": ""}, "正しく選択"),
    ],
)
def test_a_stop_that_makes_no_sense_is_refused_in_words_and_nothing_is_stopped(typed, words):
    patron = make.patron()
    reply = make.client().post(f"/patrons/{patron.pk}/stops/", typed)
    assert reply.status_code == 400
    assert words in reply.content.decode()
    assert not patron.stops.exists()


@pytest.mark.req("F-PAT-018")
def test_a_message_is_shown_on_its_last_day_and_gone_the_day_after_the_important_one_first():
    patron, clerk = make.patron(), make.actor()
    actions.add_note(clerk, patron, "付録CDを預かっています", 2, TODAY, today=TODAY)
    actions.add_note(clerk, patron, "忘れ物あり", 3, TODAY + timedelta(days=3), today=TODAY)
    patron.refresh_from_db()
    assert [note.text for note in queries.at_counter(patron, TODAY)] == ["忘れ物あり", "付録CDを預かっています"]
    assert [note.text for note in queries.at_counter(patron, TODAY + timedelta(days=1))] == ["忘れ物あり"]
    assert queries.at_counter(patron, TODAY + timedelta(days=4)) == []


@pytest.mark.req("F-PAT-018")
def test_the_counter_shows_a_message_until_somebody_says_it_is_done():
    patron = make.patron()
    browser = make.client()
    browser.post(f"/patrons/{patron.pk}/notes/", {"text": "電話番号を確かめる", "importance": "3", "until": ""})
    assert "電話番号を確かめる" in browser.post("/counter/", {"scan": patron.card_number}).content.decode()
    browser.post(f"/patrons/notes/{patron.notes.get().pk}/done/")
    assert "電話番号を確かめる" not in browser.post("/counter/", {"scan": patron.card_number}).content.decode()


def test_of_somebody_of_whom_there_is_nothing_to_say_the_counter_asks_nothing(django_assert_num_queries):
    patron = queries.by_id(make.patron().pk)
    with django_assert_num_queries(0):
        assert queries.at_counter(patron, timezone.localdate()) == []


@pytest.mark.req("F-PAT-016")
def test_the_request_of_somebody_from_another_municipality_is_not_borrowed_from_another_library():
    wide = PatronCategory.objects.get(code="wide")
    patron, librarian = make.patron(category=wide), make.actor("librarian")
    asked = requests.ask(librarian, patron.pk, requests.Asked("借りたい本"))
    with pytest.raises(HoldRefused, match="相互貸借を申し込めません"):
        requests.decide_request(librarian, asked.pk, PurchaseRequest.Status.BORROW, "未所蔵")
    PatronCategory.objects.filter(pk=wide.pk).update(may_ill=True)
    assert requests.decide_request(librarian, asked.pk, PurchaseRequest.Status.BORROW, "未所蔵").status == "borrow"


@pytest.mark.req("F-PAT-016")
def test_whether_a_category_may_hold_is_a_setting_that_administrators_change():
    wide = PatronCategory.objects.get(code="wide")
    patron = make.patron(category=wide)
    me, record = Actor("patron", str(patron.pk)), make.item().record
    place(me, patron.pk, Wanted(record.pk))
    typed = {"name": "広域", "validity_years": "1", "may_ill": ""}
    assert make.client("librarian").post(f"/patrons/settings/categories/{wide.pk}/", typed).status_code == 403
    assert make.client("admin").post(f"/patrons/settings/categories/{wide.pk}/", typed).status_code == 302
    with pytest.raises(HoldRefused, match="広域の方は予約できません"):
        place(me, patron.pk, Wanted(make.item().record_id))


@pytest.mark.req("F-PAT-015")
def test_a_school_borrows_a_hundred_for_thirty_days_by_the_groups_rule():
    group = PatronCategory.objects.get(code="group")
    make.rule(total_limit=10, loan_limit=10, period_days=14)
    make.rule(category=group, total_limit=100, loan_limit=100, period_days=30)
    school = actions.register(
        make.actor(),
        actions.Registration(
            card_number=rules.with_check_digit("190000301"),
            name="城山小学校",
            kana="ジョウヤマショウガッコウ",
            birth_date=None,
            category=group,
            branch=make.branch(),
            representative="小山 校長",
            group_kind="school",
        ),
    )
    assert (school.representative, school.get_group_kind_display()) == ("小山 校長", "学校")
    clerk, here, record = system("test"), make.branch(), make.item().record
    # Ninety-nine are out already; the hundredth goes out for thirty days, the next is refused.
    from app.circulation.models import Loan

    now = at(TODAY)
    Loan.objects.bulk_create(
        Loan(item=make.item(record=record), patron=school, branch=here, due_on=TODAY + timedelta(30), lent_at=now)
        for _ in range(99)
    )
    outcome = circulation.lend(clerk, school.pk, make.item().barcode, here, now=now)
    assert (outcome.code, outcome.due_on) == ("lend", TODAY + timedelta(days=30))
    refused = circulation.lend(clerk, school.pk, make.item().barcode, here, now=now)
    assert not refused.acted
    assert "100点" in refused.message


@pytest.mark.req("F-PAT-014")
@pytest.mark.parametrize(
    ("born", "guardian", "words"),
    [
        (date(2016, 5, 1), "", "小林 花子 様 保護者様"),
        (date(2016, 5, 1), "小林 一郎", "小林 一郎 様（小林 花子 様の保護者）"),
        (date(2014, 4, 2), "", "小林 花子 様 保護者様"),  # sixth year of school, 11 on 1 April 2026
        (date(2014, 4, 1), "", "小林 花子 様"),  # junior high school since April 2026
        (date(1980, 1, 1), "誰か", "小林 花子 様"),
    ],
)
def test_letters_to_a_schoolchild_go_to_the_guardian(born, guardian, words):
    patron = make.patron(birth_date=born, guardian_name=guardian)
    assert queries.addressee(patron, TODAY) == words


def test_the_terms_are_one_row_that_administrators_change():
    browser = make.client("admin")
    names = ("expiry_notice_days", "unused_years", "erase_after_days", "applications_days", "guardian_until_age")
    reply = browser.post("/patrons/settings/", dict.fromkeys(names, "14"))
    assert reply.status_code == 302
    assert queries.policy().erase_after_days == 14
    assert PatronPolicy.objects.count() == 1
    assert browser.post("/patrons/settings/", dict.fromkeys(names, "-1")).status_code == 400


def test_ages_of_two_categories_do_not_overlap():
    child = PatronCategory.objects.get(code="child")
    child.age_until = 12
    with pytest.raises(ValidationError, match="中学生"):
        actions.put_category(make.actor("admin"), child)


def test_somebody_without_the_operation_stops_and_changes_nobody():
    patron, nobody = make.patron(), Actor("staff", "x")
    for act in (
        lambda: actions.stop(nobody, patron, ["lend"], "x", None),
        lambda: actions.renew(nobody, patron, address_confirmed=True),
        lambda: actions.add_note(nobody, patron, "x", 1, None),
        lambda: actions.add_card(nobody, patron, "1", "card"),
        lambda: actions.withdraw(nobody, patron, "x"),
        lambda: actions.record_disclosure(nobody, patron, "x"),
        lambda: actions.record_unmasking(nobody, patron, "phone", "x"),
    ):
        with pytest.raises(NotPermitted):
            act()
    assert Patron.objects.get(pk=patron.pk).stopped_until is None


@pytest.mark.req("F-PAT-022")
def test_reading_the_card_keeps_the_day_of_the_last_use_once(django_assert_num_queries):
    patron = make.patron()
    make.client().post("/counter/", {"scan": patron.card_number})
    patron.refresh_from_db()
    assert patron.last_used_on == timezone.localdate()
    with django_assert_num_queries(0):
        actions.note_use(patron, timezone.localdate())
