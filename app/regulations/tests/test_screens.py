"""The rule table, the codes and the words on the screen."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from app.access.menu import pages
from app.audit.models import AuditEvent
from app.branches import codes, wordings
from app.branches.models import CodeEntry, Wording
from app.catalog.codes import LENDABLE_STATUSES, ShelfStatus, shelf_statuses
from app.circulation import actions as circulation
from app.circulation.models import Loan
from app.regulations import actions
from app.regulations.models import Regulation
from app.terminals import slips
from app.tests import make
from app.web import wording as words

pytestmark = pytest.mark.django_db


def text(response):
    return response.content.decode()


@pytest.fixture(autouse=True)
def _own_words_end_with_the_test():
    yield
    words.use({})


@pytest.fixture
def admin():
    return make.client("admin")


def draft(**values):
    day = timezone.localdate() + timedelta(days=30)
    return {"effective_from": f"{day:%Y/%m/%d}", "note": "改正", "period_days": "14", **values}


def twice(browser, url, sent):
    """The first press shows what would change; the second one, on what was shown, saves."""
    page = text(browser.post(url, {**sent, "step": "preview"}))
    seen = page.split('name="seen" value="')[1].split('"')[0]
    return browser.post(url, {**sent, "step": "save", "seen": seen}, follow=True)


@pytest.mark.req("F-SYS-003")
def test_a_rule_is_previewed_and_then_saved_for_a_later_day(admin):
    sent = draft(total_limit="7", overdue_stages="20日 貸出停止")
    seen = admin.post(reverse("regulations:edit"), {**sent, "step": "preview"})
    assert seen.status_code == 200
    assert "この内容で登録する" in text(seen)
    assert "返却期限が変わる" in text(seen)
    assert Regulation.objects.filter(total_limit=7).count() == 0
    unseen = admin.post(reverse("regulations:edit"), {**sent, "step": "save"})
    assert "この内容で登録する" in text(unseen)
    assert Regulation.objects.filter(total_limit=7).count() == 0
    saved = twice(admin, reverse("regulations:edit"), sent)
    assert "登録しました" in text(saved)
    row = Regulation.objects.get(total_limit=7)
    assert row.overdue_stages == [[20, "stop_lending", 1]]
    assert "これから効く規則" in text(saved)


def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(admin):
    sent = draft(period_days="", overdue_stages="20日 退会", fixed_due="R9.1.10", total_limit="7", step="save")
    answer = admin.post(reverse("regulations:edit"), sent)
    assert answer.status_code == 422
    assert "全体の規則には貸出期間が要ります" in text(answer)
    assert "注意・貸出停止・予約停止" in text(answer)
    assert "指定返却期限には終了日が要ります" in text(answer)
    assert "20日 退会" in text(answer)
    past = admin.post(reverse("regulations:edit"), draft(effective_from="2020/1/1", step="preview"))
    assert past.status_code == 422
    assert "今日" in text(past)


@pytest.mark.req("F-GEN-020")
def test_the_day_of_a_rule_is_entered_by_the_era(admin):
    sent = draft(effective_from="R20.4.1", material_type="map", period_days="", loan_limit="2")
    twice(admin, reverse("regulations:edit"), sent)
    assert Regulation.objects.get(material_type="map").effective_from.isoformat() == "2038-04-01"


@pytest.mark.req("F-SYS-003")
def test_for_any_case_the_winning_rule_is_told_with_its_reason(admin):
    today = timezone.localdate()
    asked = {"on": f"{today:%Y/%m/%d}", "material_type": "cd", "branch": "", "category": "", "location": ""}
    page = text(admin.get(reverse("regulations:why"), asked))
    assert "「CD」の規則" in page
    assert "全体の規則: 14日" in page
    wrong = admin.get(reverse("regulations:why"), {**asked, "on": "あした"})
    assert wrong.status_code == 422


def test_an_existing_rule_is_changed_from_today_on(admin):
    row = Regulation.objects.get(material_type="cd")
    page = text(admin.get(reverse("regulations:edit"), {"row": row.pk}))
    assert 'value="5"' in page
    assert f"{timezone.localdate():%Y/%m/%d}" in page
    assert admin.get(reverse("regulations:edit"), {"row": "999999"}).status_code == 404


def test_a_coming_rule_is_taken_back(admin):
    row = make.rule(material_type="map", loan_limit=2)
    Regulation.objects.filter(pk=row.pk).update(effective_from=timezone.localdate() + timedelta(days=5))
    page = admin.post(reverse("regulations:withdraw", args=[row.pk]), follow=True)
    assert "取り消しました" in text(page)
    again = admin.post(reverse("regulations:withdraw", args=[row.pk]), follow=True)
    assert "すでにありません" in text(again)


def test_the_counter_reads_the_rules_and_changes_none():
    counter = make.client("counter")
    page = text(counter.get(reverse("regulations:table")))
    assert "総点数" in page
    assert "規則を追加" not in page
    for name in ("regulations:edit", "regulations:codes", "regulations:words"):
        assert counter.get(reverse(name)).status_code == 403


def test_the_table_is_also_a_file(admin):
    answer = admin.get(reverse("regulations:table"), {"as": "csv"})
    assert "attachment" in answer["Content-Disposition"]
    assert "全体" in b"".join(answer.streaming_content).decode("utf-8-sig")


@pytest.mark.req("F-SYS-001")
def test_the_history_shows_who_changed_what(admin):
    twice(admin, reverse("regulations:edit"), draft(total_limit="7"))
    page = text(admin.get(reverse("regulations:history"), {"kind": "regulation"}))
    assert "総点数 10点" in page
    assert "総点数 7点" in page
    assert admin.get(reverse("regulations:history"), {"kind": "other"}).status_code == 404


def line(code, label, **more):
    return {"order": 1, "code": code, "label": label, "in_use": "on", **more}


def lines(rows, table="location", default=""):
    seen = actions.seen_of(CodeEntry.objects.filter(table=table))
    sent = {"line-TOTAL_FORMS": len(rows), "line-INITIAL_FORMS": 0, "default": default, "seen": seen}
    for place, row in enumerate(rows):
        sent |= {f"line-{place}-{name}": value for name, value in row.items()}
    return sent


@pytest.mark.req("F-SYS-001")
def test_a_new_location_is_offered_at_once_and_the_change_is_kept(admin):
    url = reverse("regulations:code_table", args=["location"])
    assert "展示コーナー" not in text(admin.get(reverse("regulations:edit")))
    sent = lines(
        [
            {"order": 10, "code": "一般", "label": "一般", "in_use": "on"},
            {"order": 5, "code": "児童", "label": "児童", "in_use": "on"},
            {"order": 7, "code": "", "label": "展示コーナー", "in_use": "on"},
            {"order": "", "code": "", "label": "", "in_use": "on"},
        ]
    )
    page = admin.post(url, sent, follow=True)
    assert "変更しました" in text(page)
    assert [code for code, _ in codes.choices(codes.LOCATION)] == ["児童", "展示コーナー", "一般"]
    assert "展示コーナー" in text(admin.get(reverse("regulations:edit")))
    assert AuditEvent.objects.filter(subject_type="code", subject_id="location:展示コーナー").count() == 1
    assert "展示コーナー" in text(admin.get(reverse("regulations:history"), {"kind": "code"}))


def test_a_table_that_somebody_changed_meanwhile_is_not_overwritten(admin):
    url = reverse("regulations:code_table", args=["location"])
    mine = lines([line("一般", "一般書架")])
    admin.post(url, lines([line("一般", "一般"), line("", "展示コーナー")]))
    refused = admin.post(url, mine)
    assert refused.status_code == 422
    assert "ほかの職員が先に" in text(refused)
    assert "一般書架" in text(refused)
    assert "展示コーナー" in dict(codes.choices(codes.LOCATION))


@pytest.mark.req("F-GEN-008")
def test_the_order_and_default_of_material_types_is_that_of_the_registration_screen(admin):
    url = reverse("regulations:code_table", args=["material_type"])
    rows = [
        {"order": 10, "code": "picture", "label": "えほん", "in_use": "on"},
        {"order": 20, "code": "cd", "label": "CD", "in_use": "on"},
        {"order": 30, "code": "book", "label": "一般図書", "in_use": "on"},
    ]
    admin.post(url, lines(rows, "material_type", default="cd"))
    item = make.item()
    page = text(admin.get(reverse("catalog:record", args=[item.record_id])))
    form = page[page.index('name="material_type"') :]
    options = [form.index(f'value="{code}"') for code in ("picture", "cd", "book")]
    assert options == sorted(options)
    assert "えほん" in form
    assert 'value="kamishibai"' not in form[: form.index("</select>")]
    assert codes.default_of(codes.MATERIAL_TYPE) == "cd"


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([line("a", "甲"), line("a", "乙")], "符号「a」が重なって"),
        ([line("a", "甲"), line("b", "甲")], "名称「甲」が重なって"),
        ([line("", "甲")], "符号と名称を"),
        ([line("toolongforacode", "甲")], "12文字まで"),
    ],
)
def test_a_wrong_code_table_is_refused_as_a_whole(admin, rows, sentence):
    before = list(CodeEntry.objects.values_list("table", "code", "label"))
    answer = admin.post(reverse("regulations:code_table", args=["material_type"]), lines(rows, "material_type"))
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert list(CodeEntry.objects.values_list("table", "code", "label")) == before


@pytest.mark.req("F-SYS-013")
def test_every_sentence_is_listed_and_a_changed_one_is_said_at_once(admin, django_capture_on_commit_callbacks):
    listed = b"".join(admin.get(reverse("regulations:words"), {"as": "csv"}).streaming_content).decode("utf-8-sig")
    for code in words.sentences():
        assert code in listed
    code = "opac.nothing.shorter"
    default = words.sentences()[code].default
    assert default in text(admin.get("/", {"q": "蔵にない本"}))
    admin.post(f"{reverse('regulations:word')}?code={code}", {"text": "ようこそ、蔵へ。"})
    page = text(admin.get("/", {"q": "蔵にない本"}))
    assert "ようこそ、蔵へ。" in page
    assert default not in page
    assert "ようこそ、蔵へ。" in text(admin.get(reverse("regulations:words")))
    admin.post(f"{reverse('regulations:word')}?code={code}", {"text": ""})
    assert default in text(admin.get("/", {"q": "蔵にない本"}))
    assert not Wording.objects.exists()


@pytest.mark.req("F-SYS-013")
def test_the_counter_warns_and_the_receipt_is_headed_in_the_librarys_own_words(admin):
    for code in ("circulation.limit", "terminals.receipt.title", "opac.my.late", "holds.placing.twice"):
        assert code in words.sentences()
    own = {"circulation.limit": "お一人{total}点です。", "terminals.receipt.items": "冊数"}
    for code, said in own.items():
        admin.post(f"{reverse('regulations:word')}?code={code}", {"text": said})
    make.rule(total_limit=0, period_days=14)
    outcome = circulation.lend(make.actor(), make.patron().pk, make.item().barcode, make.branch())
    assert "お一人0点です。" in outcome.message
    slip = slips.receipt("長野", timezone.localdate(), (slips.Line("ごんぎつね", "12/7"),))
    assert ("冊数", "1点") in slip.facts


@pytest.mark.req("F-SYS-013")
def test_a_sentence_keeps_its_values_and_refuses_others(admin):
    code = next(one.code for one in words.sentences().values() if one.values)
    answer = admin.post(f"{reverse('regulations:word')}?code={code}", {"text": "あと{ない}点です"})
    assert answer.status_code == 422
    assert "使えない差し込み {ない}" in text(answer)
    assert admin.post(f"{reverse('regulations:word')}?code={code}", {"text": "あと{"}).status_code == 422
    assert admin.get(f"{reverse('regulations:word')}?code=no.such").status_code == 404


def test_a_sentence_that_asks_for_what_is_not_there_gives_way_to_the_default():
    words.use({"x": "あと{much}"})
    assert words.wording("x", "あと{left}点", left=3) == "あと3点"
    words.use({"x": "残り{left}点"})
    assert words.wording("x", "あと{left}点", left=3) == "残り3点"


def test_words_come_from_the_table_into_the_process():
    Wording.objects.create(code="x", text="自館の文")
    wordings.refresh()
    assert words.wording("x", "既定") == "自館の文"


def test_every_page_of_this_area_in_the_menu_opens_for_the_administrator(admin):
    for page in pages():
        if page.name.startswith(("regulations:", "calendars:")):
            assert admin.get(reverse(page.name)).status_code == 200


@pytest.mark.req("F-CAT-020")
def test_a_state_of_the_librarys_own_is_added_and_stopped_but_none_that_the_program_uses(admin):
    url = reverse("regulations:code_table", args=["shelf_status"])
    rows = [line(code, "書庫（B2）" if code == "closed_stack" else name) for code, name in ShelfStatus.choices]
    assert admin.post(url, lines([*rows, line("show", "展示中")], "shelf_status")).status_code == 302
    assert make.item(status="closed_stack").get_status_display() == "書庫（B2）"
    on_show = make.item(status="show")
    assert on_show.get_status_display() == "展示中"
    assert on_show.status not in LENDABLE_STATUSES
    assert "展示中" in dict(shelf_statuses(all_lines=False)).values()
    stopped = {**line("show", "展示中"), "in_use": ""}
    admin.post(url, lines([*rows, stopped], "shelf_status"))
    assert "展示中" not in dict(shelf_statuses(all_lines=False)).values()
    assert on_show.get_status_display() == "展示中"
    refused = admin.post(url, lines(rows[1:], "shelf_status"))
    assert refused.status_code == 422
    assert "システムが使う行" in text(refused)


@pytest.mark.req("F-CAT-020")
def test_a_new_material_is_used_in_a_loan_rule_and_lends_by_it_at_once(admin):
    url = reverse("regulations:code_table", args=["material_type"])
    rows = [line(row.code, row.label) for row in CodeEntry.objects.filter(table="material_type").order_by("order")]
    admin.post(url, lines([*rows, line("game", "ボードゲーム")], "material_type"))
    assert "ボードゲーム" in text(admin.get(reverse("regulations:edit")))
    today = f"{timezone.localdate():%Y/%m/%d}"
    sent = draft(material_type="game", period_days="3", effective_from=today)
    assert "登録しました" in text(twice(admin, reverse("regulations:edit"), sent))
    thing, who = make.item("カタン", material_type="game"), make.patron()
    lent = circulation.lend(make.actor("counter"), who.pk, thing.barcode, thing.branch)
    assert lent.acted
    assert Loan.objects.get(item=thing).due_on == timezone.localdate() + timedelta(days=3)
    assert thing.get_material_type_display() == "ボードゲーム"
