"""The work by the clock, as the clock calls it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from app.holds.models import Hold, HoldSetting, Status
from app.jobs.registry import find
from app.tests import make

from .conftest import fresh


@pytest.mark.parametrize("code", ["holds.allocate", "holds.expire", "holds.forget", "holds.settle"])
def test_every_job_is_registered_and_says_what_it_did(db, code):
    job = find(code)
    assert job is not None
    assert job.run(timezone.now()).endswith("。")


@pytest.mark.req("F-RSV-007")
def test_the_round_finds_a_copy_that_became_free_without_a_scan(desk):
    copy = make.item(status="repair")
    wish = desk.hold(copy.record)
    assert wish.status == Status.WAITING
    copy.status = "in_stock"
    copy.save()
    assert find("holds.allocate").run(timezone.now()) == "1件の予約の候補を更新しました。"
    assert (fresh(wish).status, fresh(wish).item_id) == (Status.PULL, copy.pk)


@pytest.mark.req("F-RSV-015")
def test_the_nightly_job_names_how_many_it_ended(desk):
    HoldSetting.objects.create(pk=1, cancel_after_days=3)
    copy = make.item()
    wish = desk.hold(copy.record, contact="none", now=timezone.now() - timedelta(days=40))
    desk.scan(copy, now=timezone.now() - timedelta(days=40))
    assert find("holds.expire").run(timezone.now()) == "1件を期限切れで取り消しました。"
    assert Hold.objects.get(pk=wish.pk).status == Status.EXPIRED
