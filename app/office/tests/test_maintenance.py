"""Maintainers' access: asked for, allowed by another, open for its time only, reported."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from app.access.actions import NotPermitted
from app.audit.models import AuditEvent
from app.office.actions import maintenance
from app.office.models import MaintenanceWindow
from app.tests import make

TOKEN = "t" * 40


def key(comment="someone@vendor"):
    public = Ed25519PrivateKey.generate().public_key()
    return f"{public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()} {comment}".strip()


def asked(actor=None, opens=0, closes=60, **fields):
    now = timezone.now()
    given = {
        "company": "保守会社",
        "person": "作業 一郎",
        "key": key(),
        "hosts": ["mon1"],
        "purpose": "ディスク交換後の確認",
        "opens_at": now + timedelta(minutes=opens),
        "closes_at": now + timedelta(minutes=closes),
    }
    return maintenance.ask(actor or make.actor("admin"), now=now, **{**given, **fields})


def let_in(host="mon1", token=TOKEN):
    """What a host is told now."""
    return Client().get(f"/office/maintenance/keys/{host}/", headers={"authorization": f"Bearer {token}"})


@pytest.mark.req("F-AUD-015")
@pytest.mark.django_db
def test_a_host_lets_a_maintainer_in_only_while_an_allowed_window_is_open(settings):
    settings.MAINTENANCE_TOKEN = TOKEN
    window = asked()
    assert let_in().content == b""  # asked is not allowed
    maintenance.decide(make.actor("admin"), window.pk, allowed=True, now=timezone.now())
    number, ends, *public = let_in().content.decode().split()
    assert (int(number), " ".join(public)) == (window.pk, window.key)
    assert int(ends) == int(window.closes_at.timestamp())
    assert let_in("db1").content == b""  # another host was not asked for
    for opens, closes in ((10, 60), (-60, -10)):  # before its time, and after it
        now = timezone.now()
        times = {"opens_at": now + timedelta(minutes=opens), "closes_at": now + timedelta(minutes=closes)}
        MaintenanceWindow.objects.filter(pk=window.pk).update(**times)
        assert let_in().content == b""
    MaintenanceWindow.objects.filter(pk=window.pk).update(closes_at=timezone.now() + timedelta(minutes=5))
    assert let_in().content != b""
    maintenance.end(make.actor("admin"), window.pk, timezone.now())
    assert let_in().content == b""


@pytest.mark.django_db
def test_the_list_of_keys_needs_the_hosts_token(settings):
    settings.MAINTENANCE_TOKEN = TOKEN
    assert let_in(token="wrong").status_code == 404
    settings.MAINTENANCE_TOKEN = ""
    assert let_in(token="").status_code == 404


@pytest.mark.req("F-AUD-015")
@pytest.mark.django_db
def test_nobody_allows_their_own_request_and_what_was_done_is_written_once():
    one, other = make.actor("admin"), make.actor("admin")
    window = asked(one)
    with pytest.raises(ValidationError, match="自分の申請"):
        maintenance.decide(one, window.pk, allowed=True, now=timezone.now())
    with pytest.raises(ValidationError, match="承認されていない"):
        maintenance.report(one, window.pk, "した", timezone.now())
    maintenance.decide(other, window.pk, allowed=True, now=timezone.now())
    with pytest.raises(ValidationError, match="すでに決まって"):
        maintenance.decide(other, window.pk, allowed=False, now=timezone.now())
    maintenance.report(one, window.pk, "交換したディスクを確かめた。", timezone.now())
    with pytest.raises(ValidationError, match="すでに出されて"):
        maintenance.report(one, window.pk, "別の話", timezone.now())
    assert MaintenanceWindow.objects.get().report == "交換したディスクを確かめた。"
    acts = set(AuditEvent.objects.filter(subject_type="maintenance").values_list("operation", flat=True))
    assert acts == {"office.ask_maintenance", "office.allow_maintenance", "office.report_maintenance"}


@pytest.mark.django_db
def test_options_in_a_key_are_dropped_and_what_is_no_key_is_refused():
    window = asked(key=f'command="rm -rf /" {key()}')
    assert window.key.startswith("ssh-ed25519 ")
    assert len(window.key.split()) == 2
    for text in ("", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-dss AAAAB3NzaC1kc3MAAACB"):
        with pytest.raises(ValidationError, match="公開鍵"):
            asked(key=text)


@pytest.mark.django_db
def test_a_window_is_a_day_at_most_and_names_its_hosts():
    for wrong in ({"closes": 25 * 60}, {"hosts": []}, {"opens": 5, "closes": 1}, {"opens": -60, "closes": -1}):
        with pytest.raises(ValidationError):
            asked(**wrong)
    with pytest.raises(NotPermitted):
        asked(make.actor("librarian"))


@pytest.mark.django_db
def test_the_way_of_a_request_on_the_screen():
    one, other = make.client("admin"), make.client("admin")
    now = timezone.localtime()
    data = {
        "company": "保守会社",
        "person": "作業 一郎",
        "key": key(),
        "purpose": "確認",
        "hosts": ["mon1"],
        "opens_at": now.strftime("%Y-%m-%dT%H:%M"),
        "closes_at": (now + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"),
    }
    assert make.client("counter").get("/office/maintenance/").status_code == 403
    url = one.post("/office/maintenance/new/", data).url
    one.post(url, {"do": "allow"})
    assert "自分の申請は承認できません" in one.get(url).content.decode()
    other.post(url, {"do": "allow"})
    assert "いま接続できます" in other.get(url).content.decode()
    one.post(url, {"do": "report", "report": "異常なし"})
    other.post(url, {"do": "end"})
    page = other.get(url).content.decode()
    assert "異常なし" in page
    assert "いま接続できます" not in page
    assert other.get("/office/maintenance/").status_code == 200
