"""A library of the release before keeps its loan rules."""

from datetime import date
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection

from app.patrons.models import PatronCategory
from app.regulations import queries
from app.regulations.models import Regulation
from app.regulations.rules import Case, decide

TODAY = date(2026, 12, 1)


@pytest.mark.django_db
def test_loan_rules_become_rows_that_decide_the_same():
    child = PatronCategory.objects.get(code="child").pk
    Regulation.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE circulation_loanrule (branch_id bigint, category_id bigint, material_type varchar(20),"
            ' "limit" smallint, period_days smallint, renewals smallint, overdue_block_days smallint,'
            " reference_allowed boolean)"
        )
        cursor.execute(
            "INSERT INTO circulation_loanrule VALUES (NULL, NULL, '', 12, 15, 2, 20, false),"
            " (NULL, NULL, 'cd', 3, 7, 0, 15, false), (NULL, %s, '', 20, 28, 1, NULL, true)",
            [child],
        )
    migration = import_module("app.regulations.migrations.0003_take_over_loan_rules")
    migration.take_over(None, SimpleNamespace(connection=connection))
    book = decide(queries.table(TODAY), Case(0, 0, "book", TODAY))
    assert (book.total_limit.value, book.period_days.value, book.renewals.value) == (12, 15, 2)
    assert [(stage.days, stage.effect) for stage in book.overdue_stages.value] == [(1, "note"), (20, "stop_lending")]
    assert (book.loan_limit.value, book.hold_shelf_days.value, book.reference_allowed.value) == (None, 7, False)
    cd = decide(queries.table(TODAY), Case(0, child, "cd", TODAY))
    assert (cd.loan_limit.value, cd.total_limit.value) == (3, 20)
    assert decide(queries.table(TODAY), Case(0, child, "book", TODAY)).reference_allowed.value is True
