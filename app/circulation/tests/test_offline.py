"""What was written down while the line was cut is handed in: each record once, contradictions listed, nothing plain."""

import base64
import json
import os
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from app.audit.models import AuditEvent
from app.circulation import actions, offline_queries
from app.circulation.actions.offline import take
from app.circulation.models import Loan
from app.holds import actions as holds
from app.holds.actions.placing import Wanted
from app.terminals import offline
from app.terminals.models import OfflineRecord
from app.tests import make

TAKE = "circulation:take"


def sealed(kind, thing, patron=None, minutes=30, key=None, public=None, **more):
    """A record as the browser seals it."""
    key = key or str(uuid4())
    at = timezone.now() - timedelta(minutes=minutes)
    said = {"kind": kind, "at": at.isoformat(), "barcode": getattr(thing, "barcode", thing), "staff": "s", **more}
    if patron is not None:
        said["card"] = getattr(patron, "card_number", patron)
    own = ec.generate_private_key(ec.SECP256R1())
    point = base64.b64decode(public or offline.public_key())
    server = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    secret = HKDF(SHA256(), 32, None, b"kura offline record").derive(own.exchange(ec.ECDH(), server))
    nonce = os.urandom(12)
    body = AESGCM(secret).encrypt(nonce, json.dumps(said).encode(), key.encode())
    mine = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    text = {name: base64.b64encode(part).decode() for name, part in (("e", mine), ("iv", nonce), ("c", body))}
    return {"id": key, "sealed": text}


def hand_in(browser, rows):
    return browser.post(
        reverse(TAKE), json.dumps({"records": rows}), content_type="application/json",
        headers={"accept": "application/json"},
    )  # fmt: skip


@pytest.fixture
def browser(db):
    return make.client("counter")


@pytest.mark.req("F-CIR-040")
def test_fifty_scans_of_the_dark_hours_are_taken_once_and_the_contradictions_listed(browser):
    people = [make.patron() for _ in range(5)]
    things = [make.item(f"本{number}") for number in range(25)]
    rows = [sealed("lend", thing, people[n % 5], minutes=60 - n) for n, thing in enumerate(things)]
    rows += [sealed("return", thing, minutes=30 - n) for n, thing in enumerate(things[:22])]
    gone = make.item("ほかの窓口の本")
    Loan.objects.create(
        item=gone, patron=make.patron(), branch=make.branch(), lent_at=timezone.now(), due_on=timezone.localdate()
    )
    rows += [sealed("lend", gone, people[0]), sealed("return", gone), sealed("lend", things[0], "1999999999")]
    assert len(rows) == 50
    results = hand_in(browser, rows).json()["results"]
    assert [one["id"] for one in results] == [row["id"] for row in rows]
    assert sum(one["taken"] for one in results) == 47
    assert {loan.item_id for loan in Loan.objects.exclude(item=gone)} == {thing.pk for thing in things[22:]}
    again = hand_in(browser, rows).json()["results"]
    assert again == results
    assert Loan.objects.count() == 4
    page = browser.get(reverse("circulation:problems")).content.decode()
    for words in ("貸出中の資料です", "この返却の後に", "登録されていません", gone.barcode):
        assert words in page
    assert page.count("処理済みにする</button>") == 3


def test_the_loan_counts_from_the_hour_it_was_made(browser):
    patron, thing = make.patron(), make.item()
    hand_in(browser, [sealed("lend", thing, patron, minutes=90)])
    loan = Loan.objects.get()
    assert timedelta(minutes=89) < timezone.now() - loan.lent_at < timedelta(minutes=91)
    assert loan.patron == patron


def test_a_loan_to_a_stopped_patron_is_taken_because_the_book_is_out_and_is_said_to_be(browser):
    patron = make.patron(stopped_until=timezone.localdate() + timedelta(days=9))
    (result,) = hand_in(browser, [sealed("lend", make.item(), patron)]).json()["results"]
    assert result["taken"] is True
    assert "停止" in result["problem"]
    assert Loan.objects.get().patron == patron
    assert AuditEvent.objects.get(operation="circulation.override").purpose == "回線断の間の貸出"


def test_whoever_was_open_when_the_line_broke_goes_on_by_the_pages_token(browser):
    patron, thing = make.patron(), make.item()
    reply = browser.post(
        reverse("circulation:lend"), {"scan": patron.card_number}, headers={"accept": "application/json"}
    )
    row = sealed("lend", thing, token=reply.json()["token"])
    assert hand_in(browser, [row]).json()["results"][0]["taken"] is True
    assert Loan.objects.get().patron == patron


def test_a_scan_that_the_server_had_already_taken_is_no_contradiction(browser):
    patron, thing = make.patron(), make.item()
    actions.lend(make.actor(), patron.pk, thing.barcode, make.branch(), now=timezone.now() - timedelta(minutes=30))
    (result,) = hand_in(browser, [sealed("lend", thing, patron, minutes=30)]).json()["results"]
    assert (result["taken"], result["problem"]) == (True, "")
    assert Loan.objects.get().renewed == 0


@pytest.mark.parametrize("change", ["id", "c", "e", "iv", "nothing", "key"])
def test_what_is_not_ours_is_not_taken_and_listed(browser, change):
    row = sealed("lend", make.item(), make.patron())
    if change == "id":
        row["id"] = str(uuid4())
    elif change == "nothing":
        row["sealed"] = {}
    elif change == "key":
        other = ec.generate_private_key(ec.SECP256R1()).public_key()
        point = other.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        row = sealed("lend", make.item(), make.patron(), public=base64.b64encode(point).decode())
    else:
        row["sealed"][change] = base64.b64encode(os.urandom(40)).decode()
    (result,) = hand_in(browser, [row]).json()["results"]
    assert result["taken"] is False
    assert "記録を開けません" in result["problem"]
    assert not Loan.objects.exists()


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"records": 1}', '{"records": ["x"]}'])
def test_a_body_that_is_no_list_of_records_is_told(browser, body):
    reply = browser.post(reverse(TAKE), body, content_type="application/json", headers={"accept": "application/json"})
    assert reply.status_code == 400
    assert "記録の形" in reply.json()["message"]


@pytest.mark.parametrize("minutes", [-60, 60 * 24 * 15])
def test_a_clock_that_is_wrong_is_told(browser, minutes):
    (result,) = hand_in(browser, [sealed("return", make.item(), minutes=minutes)]).json()["results"]
    assert "時計" in result["problem"]


def test_what_was_read_is_kept_sealed_until_it_is_settled_and_then_gone(browser):
    patron, gone = make.patron(), make.item()
    Loan.objects.create(
        item=gone, patron=make.patron(), branch=make.branch(), lent_at=timezone.now(), due_on=timezone.localdate()
    )
    hand_in(browser, [sealed("lend", gone, patron)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM terminals_offlinerecord t")
        ((text,),) = cursor.fetchall()
    assert patron.card_number not in text
    assert gone.barcode not in text
    row = OfflineRecord.objects.get()
    assert patron.card_number in row.content
    browser.post(reverse("circulation:settle", args=[row.pk]))
    row.refresh_from_db()
    assert row.content is None
    assert row.settled_by
    assert "矛盾はありません" in browser.get(reverse("circulation:problems")).content.decode()


def test_of_what_went_well_only_the_key_and_the_day_stay(browser):
    thing = make.item()
    hand_in(browser, [sealed("lend", thing, make.patron()), sealed("return", thing, minutes=5)])
    assert {(row.content, row.problem) for row in OfflineRecord.objects.all()} == {(None, "")}


@pytest.mark.req("F-CIR-041")
def test_the_copy_knows_stopped_expired_lost_and_late_cards_and_items_that_somebody_waits_for(browser):
    today = timezone.localdate()
    fine = make.patron()
    stopped = make.patron(stopped_until=today)
    expired = make.patron(valid_until=today - timedelta(days=1))
    late = make.patron()
    Loan.objects.create(
        item=make.item(), patron=late, branch=make.branch(), due_on=today - timedelta(days=40),
        lent_at=timezone.now() - timedelta(days=54),
    )  # fmt: skip
    cards = offline_queries.stopped_cards(make.branch(), today)
    assert set(cards) >= {stopped.card_number, expired.card_number, late.card_number}
    assert fine.card_number not in cards
    thing, free = make.item(), make.item()
    Loan.objects.create(
        item=thing, patron=fine, branch=make.branch(), due_on=today + timedelta(days=9), lent_at=timezone.now()
    )
    holds.place(make.actor("librarian"), make.patron().pk, Wanted(record_id=thing.record_id, pickup=make.branch()))
    wanted = offline_queries.wanted_items()
    assert thing.barcode in wanted
    assert free.barcode not in wanted


def test_the_copy_leaves_the_server_as_keyed_hashes_another_each_time(browser):
    patron = make.patron(stopped_until=timezone.localdate())
    first = browser.get(reverse("circulation:control"))
    assert patron.card_number not in first.content.decode()
    assert patron.name not in first.content.decode()
    second = browser.get(reverse("circulation:control"))
    assert first.json()["control"]["stopped"] != second.json()["control"]["stopped"]
    assert len(first.json()["control"]["stopped"]) == 1


def test_the_kept_shell_holds_no_name_no_token_and_no_session(browser):
    for mode in ("lend", "return", "inside"):
        html = browser.get(reverse("circulation:offline", args=[mode])).content.decode()
        assert "窓口 一郎" not in html
        assert "data-seal" not in html
        assert 'name="csrfmiddlewaretoken">' in html
    assert browser.get(reverse("circulation:offline", args=["other"])).status_code == 404


def test_the_worker_names_every_file_of_the_counter_and_serves_nobody_without_sign_in(browser, client):
    reply = browser.get(reverse("circulation:worker"))
    assert reply["Content-Type"].startswith("text/javascript")
    for name in ("counter.js", "offline.js", "kura.css", "slip.css"):
        assert name in reply.content.decode()
    assert client.get(reverse("circulation:worker")).status_code == 302


def test_handing_in_needs_the_right(db):
    actor = make.actor()
    from dataclasses import replace

    from app.access.actions import NotPermitted

    with pytest.raises(NotPermitted):
        take(replace(actor, operations=type(actor.operations)()), make.branch(), [])
