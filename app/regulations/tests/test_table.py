"""The rule table in the database: versions, history, what a change would do."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from app.access.actions import NotPermitted
from app.branches import revisions
from app.branches.models import ClosedDay
from app.circulation.models import Loan
from app.holds.models import Hold
from app.patrons.models import PatronCategory
from app.regulations import actions, preview, queries, rules
from app.regulations.models import Regulation
from app.regulations.rules import Case, decide
from app.tests import make

pytestmark = pytest.mark.django_db
TODAY = date(2026, 12, 1)


def general(**values):
    """Every column of a general row, named or not."""
    return {"period_days": 14, **values}


def case(on=TODAY, material="book", category=0, **more):
    return Case(0, category, material, on, **more)


@pytest.mark.req("F-SYS-003")
def test_a_new_library_lends_ten_for_two_weeks_and_five_cds_for_one():
    terms = decide(queries.table(TODAY), case())
    assert (terms.total_limit.value, terms.period_days.value, terms.renewals.value) == (10, 14, 1)
    assert [(stage.days, stage.effect) for stage in terms.overdue_stages.value] == [(1, "note"), (15, "stop_lending")]
    assert [(stage.days, stage.method) for stage in terms.reminder_stages.value] == [
        (7, "mail"), (21, "phone"), (60, "postcard"), (90, "letter"),
    ]  # fmt: skip
    for material in ("cd", "dvd"):
        found = decide(queries.table(TODAY), case(material=material))
        assert (found.loan_limit.value, found.period_days.value, found.renewals.value) == (5, 7, 0)
        assert found.total_limit.value == 10


@pytest.mark.req("F-SYS-003")
def test_a_change_is_written_for_a_later_day_and_takes_effect_by_itself():
    change = Regulation(effective_from=date(2027, 4, 1), note="要綱の改正")
    actions.put(make.actor("admin"), change, general(total_limit=15, period_days=21), today=TODAY)
    assert decide(queries.table(date(2027, 3, 31)), case(date(2027, 3, 31))).total_limit.value == 10
    after = decide(queries.table(date(2027, 4, 1)), case(date(2027, 4, 1)))
    assert (after.total_limit.value, after.period_days.value) == (15, 21)


def test_what_is_in_force_is_not_rewritten():
    before = Regulation.objects.get(branch=None, category=None, material_type="")
    with pytest.raises(ValidationError) as refused:
        actions.put(
            make.actor("admin"),
            Regulation(effective_from=TODAY - timedelta(days=1), note="遡り"),
            general(),
            today=TODAY,
        )
    assert "effective_from" in refused.value.error_dict
    actions.put(make.actor("admin"), Regulation(effective_from=TODAY, note="今日"), general(total_limit=3), today=TODAY)
    before.refresh_from_db()
    assert before.total_limit == 10
    assert decide(queries.table(TODAY), case()).total_limit.value == 3


def test_a_row_that_has_not_begun_is_changed_in_place_and_can_be_taken_back():
    who = make.actor("admin")
    later = {"effective_from": date(2027, 1, 1), "material_type": "cd"}
    first = actions.put(who, Regulation(**later, note="一"), {"loan_limit": 3}, today=TODAY)
    second = actions.put(who, Regulation(**later, note="二"), {"loan_limit": 4}, today=TODAY)
    assert first.pk == second.pk
    actions.withdraw(who, first.pk, today=TODAY)
    assert not Regulation.objects.filter(pk=first.pk).exists()
    in_force = Regulation.objects.get(material_type="cd")
    with pytest.raises(ValidationError):
        actions.withdraw(who, in_force.pk, today=TODAY)


@pytest.mark.req("F-CIR-006")
def test_a_fixed_due_date_holds_for_its_span_and_can_be_ended():
    who = make.actor("admin")
    over = Regulation(effective_from=TODAY, effective_until=TODAY + timedelta(days=20), note="年末年始")
    row = actions.put(who, over, {"fixed_due": date(2027, 1, 10)}, today=TODAY)
    assert decide(queries.table(TODAY), case(material="cd")).fixed_due.value == date(2027, 1, 10)
    actions.withdraw(who, row.pk, today=TODAY + timedelta(days=5))
    later = TODAY + timedelta(days=5)
    assert decide(queries.table(later), case(later)).fixed_due.value is None
    yesterday = later - timedelta(days=1)
    assert decide(queries.table(yesterday), case(yesterday)).fixed_due.value == date(2027, 1, 10)


@pytest.mark.parametrize(
    "wrong",
    [
        {"period_days": None},
        {"fixed_due": date(2027, 1, 10)},
        {"effective_until": date(1999, 1, 1)},
        {"period_days": 0},
        {"busy_period_days": 400},
    ],
)
def test_the_database_refuses_a_general_row_that_answers_nothing(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Regulation.objects.create(**{"effective_from": TODAY, "period_days": 14, **wrong})


def test_only_who_may_changes_rules():
    with pytest.raises(NotPermitted):
        actions.put(make.actor("counter"), Regulation(effective_from=TODAY, note="x"), general(), today=TODAY)
    row = Regulation.objects.create(effective_from=date(2099, 1, 1), period_days=3)
    with pytest.raises(NotPermitted):
        actions.withdraw(make.actor("librarian"), row.pk)


@pytest.mark.req("F-SYS-001")
def test_every_change_is_kept_with_who_when_before_and_after():
    who = make.actor("admin")
    row = actions.put(
        who, Regulation(effective_from=TODAY, note="試行"), general(total_limit=12, renewals=2), today=TODAY
    )
    actions.put(who, Regulation(effective_from=TODAY, note="再考"), general(total_limit=11, renewals=2), today=TODAY)
    last, first = queries.history("regulation")
    assert who.number in last.who
    assert (last.what, last.note) == ("全体 2026/12/01", "再考")
    assert (last.before, last.after) == ("総点数 12点", "総点数 11点")
    assert "総点数 10点" in first.before
    assert "延長回数 2回" in first.after
    assert row.pk


def test_the_table_is_kept_by_version_and_any_write_is_seen(django_assert_num_queries):
    queries.table(TODAY)
    with django_assert_num_queries(0):
        assert decide(queries.table(TODAY), case()).total_limit.value == 10
    Regulation.objects.filter(material_type="").update(total_limit=2)
    with django_assert_num_queries(2):
        assert decide(queries.table(TODAY), case()).total_limit.value == 2
    # Somebody else's change is seen when the stamps are read again.
    revisions.forget()
    with django_assert_num_queries(1):
        queries.table(TODAY)


def test_a_row_is_named_after_its_category_as_it_is_called_now():
    category = PatronCategory.objects.get(code="child")
    Regulation.objects.create(effective_from=TODAY, category=category, material_type="cd", loan_limit=2)
    found = decide(queries.table(TODAY), case(category=category.pk, material="cd")).loan_limit
    assert found.why == "「児童 × CD」の規則"
    PatronCategory.objects.filter(pk=category.pk).update(name="こども")
    assert decide(queries.table(TODAY), case(category=category.pk, material="cd")).loan_limit.why.startswith("「こども")


def lent(days_ago, late=0, patron=None, **item):
    today = timezone.localdate()
    at = timezone.now() - timedelta(days=days_ago)
    due = today - timedelta(days=late) if late else today + timedelta(days=14 - days_ago)
    return Loan.objects.create(
        item=make.item(**item), patron=patron or make.patron(), branch=make.branch(), due_on=due, lent_at=at
    )


@pytest.mark.req("F-SYS-003")
def test_the_preview_counts_what_would_change_and_names_nobody(django_assert_max_num_queries):
    today = timezone.localdate()
    reader, late = make.patron(name="山田 太郎"), make.patron(name="鈴木 次郎")
    for _ in range(3):
        lent(1, patron=reader)
    lent(30, late=10, patron=late)
    for number in range(2):
        Hold.objects.create(
            patron=reader, record=make.item(f"本{number}").record, received_at=timezone.now(),
            queue_at=timezone.now(), route="counter", pickup=make.branch(), contact="none",
        )  # fmt: skip
    before = queries.every_rule()
    draft = Regulation(
        effective_from=today, period_days=7, total_limit=2, total_hold_limit=1, renewals=1,
        overdue_stages=[[10, "stop_lending", 1]],
    )  # fmt: skip
    with django_assert_max_num_queries(9):
        found = preview.effects(before, (*before, queries.rule_of(draft)), today, today)
    counts = {effect.title: effect.count for effect in found}
    assert counts == {
        "今日の貸出に当てはめると返却期限が変わる": 4,
        "新しい上限を超えて借りている": 1,
        "上限から外れて借りられるようになる": 0,
        "延滞により新たに貸出停止となる": 1,
        "延滞による貸出停止が解ける": 0,
        "予約の新しい上限を超えている": 1,
    }
    told = " ".join(line for effect in found for line in effect.examples)
    assert "長野・一般: 3点（上限2点）" in told
    assert "10日延滞" in told
    assert "山田" not in told + "".join(effect.title for effect in found)
    lines = next(effect for effect in found if "返却期限" in effect.title).examples
    assert any("→" in line for line in lines)


def test_a_preview_moves_dates_off_closed_days():
    today = timezone.localdate()
    lent(0)
    ClosedDay.objects.create(branch=make.branch(), date=today + timedelta(days=7), reason="整理日")
    before = queries.every_rule()
    draft = Regulation(effective_from=today, period_days=7)
    found = preview.effects(before, (*before, queries.rule_of(draft)), today, today)
    assert f"→ {today + timedelta(days=8):%Y/%m/%d}" in found[0].examples[0]


def test_every_column_of_the_rules_is_a_column_of_the_table():
    names = {field.name for field in Regulation._meta.get_fields()}
    assert {column.name for column in rules.COLUMNS} <= names
