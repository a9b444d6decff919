"""What people do: calls, cards, letters, texts, settings; and what each may do."""

import re
import shutil
import subprocess
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from app.audit.models import AuditEvent
from app.circulation.models import Loan
from app.notices import papers, queries
from app.notices.actions import byhand, planning, sending, setting
from app.notices.codes import CallResult, Kind, State
from app.notices.models import Notice, Policy, Wording
from app.notices.tests.conftest import ACTOR, at
from app.notices.tests.test_overdue import approved
from app.notices.tests.test_sending import on_shelf
from app.tests import make


def words(pdf, tmp_path):
    """The text of each page of a PDF, as a program that reads it sees it."""
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler is on the engineer's machine, not beside the hosts' Python: it was made, and not read")
    path = tmp_path / "made.pdf"
    path.write_bytes(pdf)
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True).stdout.decode()
    return text.split("\f")[:-1]


def sizes(tmp_path):
    """Width and height of each page in millimetres."""
    path = str(tmp_path / "made.pdf")
    said = subprocess.run(["pdfinfo", "-l", "9999", path], capture_output=True, check=True).stdout.decode()
    found = re.findall(r"Page +\d+ size: +([\d.]+) x ([\d.]+) pts", said)
    return {(round(float(width) * 25.4 / 72), round(float(height) * 25.4 / 72)) for width, height in found}


@pytest.mark.printed
@pytest.mark.req("F-NTC-005")
def test_a_hundred_postcards_are_in_order_of_postal_code(today, now, reader, late, tmp_path):
    for number in range(100):
        code = f"38{(number * 37) % 10}-{(number * 7919) % 10000:04}"
        patron = reader(
            name=f"人物{number:03}号", kana="ジンブツ", postal_code=code, address=f"長野市大字試験{number:03}番地"
        )
        late(patron, 60, f"題名{number:03}")
    approved(planning.plan_overdue(ACTOR, now), now)
    browser = make.client("librarian")
    answer = browser.post("/notices/paper/postcard/print/", {"branch": "", "side": "both"})
    assert answer["Content-Type"] == "application/pdf"
    pages = words(answer.content, tmp_path)
    assert len(pages) == 200
    assert sizes(tmp_path) == {(100, 148)}
    fronts, backs = pages[::2], pages[1::2]
    codes = [re.sub(r"\D", "", front)[:7] for front in fronts]
    assert codes == sorted(codes)
    assert len(set(codes)) > 50
    for front, back in zip(fronts, backs, strict=True):
        number = re.search(r"人物(\d{3})号", front)[1]
        patron = Notice.objects.select_related("patron").get(patron__in=[_patron_of(number)]).patron
        assert f"人物{number}号" in back
        assert f"題名{number}" in back
        for private in (patron.address, patron.postal_code, patron.phone, patron.card_number, patron.email):
            assert private not in re.sub(r"\s", "", back)
        assert f"{patron.birth_date.year}年" not in back
    assert AuditEvent.objects.filter(operation="notices.print", subject_type="patron").count() == 100


def _patron_of(number):
    """The patron whose made-up name has this number (names are sealed: compare them opened)."""
    for notice in Notice.objects.select_related("patron"):
        if notice.patron.name == f"人物{number}号":
            return notice.patron_id
    raise AssertionError(number)


@pytest.mark.printed
@pytest.mark.req("F-NTC-005", "F-PAT-014")
def test_a_child_s_letter_goes_to_the_guardian_in_the_window(today, now, reader, late, tmp_path):
    child = reader(name="小林 太郎", birth_date=today - timedelta(days=9 * 365))
    late(child, 95, "かいけつゾロリ")
    approved(planning.plan_overdue(ACTOR, now), now)
    answer = make.client("librarian").post("/notices/paper/letter/print/", {"branch": "", "side": "both"})
    [page] = words(answer.content, tmp_path)
    assert sizes(tmp_path) == {(210, 297)}
    assert "小林 太郎 様 保護者様" in page
    assert "かいけつゾロリ" in page


@pytest.mark.printed
def test_a_card_holds_many_titles_as_a_number(today, now, reader, late, tmp_path):
    patron = reader()
    for number in range(12):
        late(patron, 60, f"とても長い書名のために一行では収まらない資料その{number:02}")
    approved(planning.plan_overdue(ACTOR, now), now)
    [sheet] = papers.sheets(queries.paper("postcard"), today)
    assert "　ほか7点" in sheet.paragraphs
    pages = words(papers.pdf("postcard", [sheet], today, side=papers.BACK, boxes=True), tmp_path)
    assert len(pages) == 1
    assert make.branch().name in pages[0], "the last line is still on the card"


@pytest.mark.printed
def test_a_card_and_a_call_about_a_hold_begin_its_days_on_the_shelf(today, now, reader, tmp_path):
    by_card, by_call = on_shelf(reader(), now, contact="postcard"), on_shelf(reader(email=""), now, contact="mail")
    assert planning.plan_ready(ACTOR, now) == 2
    answer = make.client("librarian").post("/notices/paper/postcard/print/", {"branch": "", "side": "both"})
    by_card.refresh_from_db()
    assert by_card.contacted_on == today
    back = re.sub(r"\s", "", words(answer.content, tmp_path)[1])
    assert f"{by_card.keep_until.month}月{by_card.keep_until.day}日" in back
    byhand.record_call(ACTOR, queries.phone_list(today)[0].pk, CallResult.TOLD, now)
    by_call.refresh_from_db()
    assert by_call.keep_until is not None
    assert [entry.method for entry in by_call.entries.all()] == ["phone"]


@pytest.mark.req("F-NTC-006")
def test_calls_bring_their_results_to_the_next_list(today, now, reader, late):
    absent, promised, told = reader(), reader(), reader()
    for patron in (absent, promised, told):
        late(patron, 21)
    approved(planning.plan_overdue(ACTOR, now), now)
    calls = {notice.patron_id: notice for notice in queries.phone_list(today)}
    assert set(calls) == {absent.pk, promised.pk, told.pk}
    browser = make.client("counter", name="窓口 次郎")
    promise = today + timedelta(days=4)

    def post(patron, **fields):
        return browser.post("/notices/phone/?branch=", {"notice": calls[patron.pk].pk, **fields})

    assert post(absent, result=CallResult.ABSENT, note="夕方に").status_code == 302
    assert post(promised, result=CallResult.PROMISED, promised_on=promise).status_code == 302
    assert post(told, result=CallResult.TOLD).status_code == 302
    wrong = post(absent, result=CallResult.PROMISED)
    assert wrong.status_code == 400
    assert "約束日は今日以後" in wrong.content.decode()
    assert queries.phone_list(today) == []
    [again] = queries.phone_list(today + timedelta(days=1))
    assert again.patron_id == absent.pk
    assert [(call.get_result_display(), call.by, call.note) for call in again.calls.all()] == [
        ("不在", "窓口 次郎", "夕方に")
    ]
    later = queries.phone_list(promise + timedelta(days=1))
    assert [notice.patron_id for notice in later] == [promised.pk, absent.pk], "a broken promise stands first"
    assert later[0].calls.get().promised_on == promise
    # Returned meanwhile: nobody is called for nothing.
    Loan.objects.filter(patron=promised).delete()
    assert [notice.patron_id for notice in queries.phone_list(promise + timedelta(days=1))] == [absent.pk]


def test_the_results_are_seen_on_the_list(today, now, reader, late, monkeypatch):
    patron = reader()
    late(patron, 21)
    approved(planning.plan_overdue(ACTOR, now), now)
    notice = queries.phone_list(today)[0]
    byhand.record_call(ACTOR, notice.pk, CallResult.MACHINE, now - timedelta(days=1), note="伝言あり")
    page = make.client("counter").get("/notices/phone/?branch=").content.decode()
    assert "留守番電話" in page
    assert "伝言あり" in page
    assert patron.phone in page


def test_a_child_without_a_phone_is_called_at_the_guardian_s(today, now, reader, late):
    late(reader(phone="", guardian_phone="0269998888"), 21)
    approved(planning.plan_overdue(ACTOR, now), now)
    page = make.client("counter").get("/notices/phone/?branch=").content.decode()
    assert "0269998888" in page
    assert "保護者" in page


def test_a_wrong_number_goes_onto_paper(today, now, reader, late):
    patron = reader()
    late(patron, 21)
    approved(planning.plan_overdue(ACTOR, now), now)
    byhand.record_call(ACTOR, queries.phone_list(today)[0].pk, CallResult.WRONG, now)
    assert queries.phone_list(today) == []
    assert [notice.patron_id for notice in queries.paper("postcard")] == [patron.pk]


@pytest.mark.req("F-NTC-007")
def test_three_reminders_stand_on_the_patron_s_page_and_the_item_s(today, now, reader, late, mailserver):
    patron = reader()
    loan = late(patron, 7, "三度の督促")
    librarian = make.client("librarian", name="司書 花子")
    for days in (0, 14, 53):
        then = now + timedelta(days=days)
        approved(planning.plan_overdue(ACTOR, then), then)
        sending.send_due(ACTOR, then)
        for notice in queries.phone_list(then.date()):
            byhand.record_call(make.actor(), notice.pk, CallResult.TOLD, then)
    cards = queries.paper("postcard")
    byhand.posted(make.actor("librarian"), [notice.pk for notice in cards], now + timedelta(days=53))
    page = librarian.get(f"/patrons/{patron.pk}/").content.decode()
    for stage, means, day, result in (
        (1, "メール", today, "発送済み"),
        (2, "電話", today + timedelta(days=14), "本人に伝えた"),
        (3, "はがき", today + timedelta(days=53), "投函"),
    ):
        row = next(row for row in page.split("<tr>") if f"督促 第{stage}段階" in row)
        assert means in row
        assert result in row
        assert f"{day:%Y/%m/%d}" in row
    assert "窓口 一郎" in page
    item = librarian.get("/notices/items/", {"number": loan.item.barcode}).content.decode()
    assert item.count("督促 第") == 3
    assert patron.name not in item
    Loan.objects.filter(pk=loan.pk).delete()
    assert librarian.get("/notices/items/", {"number": loan.item.barcode}).content.decode().count("督促 第") == 0
    assert librarian.get(f"/notices/patrons/{patron.pk}/").content.decode().count("督促 第") == 3


def test_a_card_that_the_post_returns_is_noted_in_the_register(today, now, reader, late):
    patron = reader(phone="", email="")
    late(patron, 60)
    approved(planning.plan_overdue(ACTOR, now), now)
    browser = make.client("librarian")
    [notice] = queries.paper("postcard")
    browser.post("/notices/paper/postcard/post/", {"notice": [notice.pk]})
    notice.refresh_from_db()
    assert (notice.state, notice.result) == (State.HANDED, "投函")
    browser.post("/notices/paper/postcard/post/", {"back": notice.pk})
    patron.refresh_from_db()
    assert patron.post_returned_on == today
    assert patron.name in browser.get("/notices/undeliverable/").content.decode()


@pytest.mark.req("F-NTC-010")
def test_a_changed_text_is_in_the_next_mail_and_the_old_one_can_be_seen(now, reader, late, mailserver):
    browser = make.client("librarian")
    first = queries.wording_for(Kind.OVERDUE, 1, "mail")
    given = {"subject": "お願い {点数}点", "body": "{宛名}\r\n{明細}\r\n新しい文面です。", "line": "＊{題名}"}
    looked = browser.post(f"/notices/wordings/{first.pk}/", {**given, "look": "1"}).content.decode()
    assert "＊ごんぎつね" in looked
    assert Wording.objects.filter(kind=Kind.OVERDUE, means="", stage=0).count() == 1, "looking stores nothing"
    assert browser.post(f"/notices/wordings/{first.pk}/", {**given, "store": "1"}).status_code == 302
    late(reader(), 8, "坊っちゃん")
    approved(planning.plan_overdue(ACTOR, now), now)
    sending.send_due(ACTOR, now)
    [(_, _, mail)] = mailserver.mails
    assert mail["Subject"] == "お願い 1点"
    assert "＊坊っちゃん" in mail.get_content()
    assert "新しい文面です。" in mail.get_content()
    newest = queries.wording_for(Kind.OVERDUE, 1, "mail")
    page = browser.get(f"/notices/wordings/{newest.pk}/").content.decode()
    assert f"/notices/wordings/{first.pk}/" in page
    old = browser.get(f"/notices/wordings/{first.pk}/").content.decode()
    assert "以前の版" in old
    assert "至急お返しください" in old


def test_a_text_can_ask_for_nothing_that_does_not_exist_and_runs_nothing(db, now, reader, late, mailserver):
    with pytest.raises(ValidationError, match="使えない差込み項目"):
        setting.word(ACTOR, Kind.OVERDUE, 0, "", "件名", "{生年月日}", "")
    with pytest.raises(ValidationError, match="使えない差込み項目"):
        setting.word(ACTOR, Kind.OVERDUE, 0, "", "件名", "{% load static %}", "")
    setting.word(ACTOR, Kind.OVERDUE, 0, "", "件名", "{{ settings.SECRET_KEY }} %s $氏名 {明細}", "{題名}")
    late(reader(), 8, "題名に{氏名}とある本")
    approved(planning.plan_overdue(ACTOR, now), now)
    sending.send_due(ACTOR, now)
    text = mailserver.mails[0][2].get_content()
    assert "{{ settings.SECRET_KEY }}" in text
    assert "題名に{氏名}とある本" in text, "what is put in is not read as a field"


def test_a_text_for_one_stage_goes_before_the_general_one(db):
    setting.word(ACTOR, Kind.OVERDUE, 3, "", "第三段階", "本文", "")
    assert queries.wording_for(Kind.OVERDUE, 3, "mail").subject == "第三段階"
    assert queries.wording_for(Kind.OVERDUE, 2, "mail").subject == "返却のお願い"
    assert queries.wording_for(Kind.OVERDUE, 2, "letter").subject == "返却の督促について"


@pytest.mark.req("F-NTC-014")
def test_an_administrator_sets_the_hours(now, today):
    browser = make.client("admin")
    given = {"enabled": "on", "send_from": "10:00", "send_until": "18:00", "keep_days": "90"}
    browser.post("/notices/settings/policy/ready/", given)
    policy = Policy.objects.get(kind=Kind.READY)
    assert (policy.send_from.hour, policy.send_until.hour, policy.on_closed_days) == (10, 18, False)
    answer = browser.post("/notices/settings/policy/ready/", {**given, "send_until": "09:00"}, follow=True)
    assert "終了は開始より後" in answer.content.decode()
    assert make.client("counter").get("/notices/settings/").status_code == 403


PAGES = (
    "",
    "phone/",
    "paper/postcard/",
    "paper/letter/",
    "stops/",
    "items/",
    "undeliverable/",
    "wordings/",
    "settings/",
    "settings/means/",
    "settings/means/mail/",
)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_an_administrator_and_for_nobody_else(db, client, page):
    assert make.client("admin").get(f"/notices/{page}").status_code == 200
    assert client.get(f"/notices/{page}").status_code == 302


def test_at_reads_the_library_s_clock(today):
    assert at(today, 9).hour == 9
