"""Terminals, a library's settings, lists and guides through Django's test client."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from app.access.menu import GROUPS, pages
from app.audit.models import AuditEvent
from app.terminals import actions, queries
from app.terminals.models import CounterSetting, GuideNote, ListPreference, Terminal
from app.tests import make

HERE = "127.0.0.1"


@pytest.fixture
def admin(db):
    return make.client("admin")


def terminal(**fields):
    given = {"name": "窓口1", "branch": make.branch(), "address": HERE, **fields}
    return Terminal.objects.create(**given)


def form_of(**fields):
    given = {
        "name": "窓口2", "branch": make.branch().pk, "address": "10.81.1.72", "kind": "counter",
        "receipt_paper": "58mm", "receipt_printer": "感熱A", "list_paper": "a4", "list_printer": "",
        "auto_print": "on", "sound": "on", "volume": "40", "lock_minutes": "10",
    }  # fmt: skip
    return given | fields


@pytest.mark.req("F-SYS-009")
def test_a_new_terminal_takes_over_the_settings_of_the_one_it_replaces(admin):
    old = terminal(
        name="窓口1", address="10.81.1.71", receipt_paper="58mm", receipt_printer="感熱A", auto_print=False,
        sound=False, volume=20, lock_minutes=5, confirm_print=True,
    )  # fmt: skip
    admin.post(reverse("terminals:new"), form_of(name="窓口1 新", address="10.81.1.99", receipt_paper="a4"))
    new = Terminal.objects.get(address="10.81.1.99")
    assert (new.receipt_paper, new.volume) == ("a4", 40)
    admin.post(reverse("terminals:copy", args=[new.pk]), {"source": old.pk})
    new.refresh_from_db()
    for name in actions.COPIED:
        assert getattr(new, name) == getattr(old, name), name
    assert (new.name, new.address) == ("窓口1 新", "10.81.1.99")
    # What it was bought for: the screen at its address now works with them.
    page = make.client("counter").__class__(REMOTE_ADDR="10.81.1.99")
    page.force_login(make.staff("counter"))
    html = page.get(reverse("circulation:lend")).content.decode()
    for words in ('data-paper="58mm"', 'data-auto="off"', 'data-sound="off"', 'data-confirm="on"', 'data-lock="5"'):
        assert words in html
    assert AuditEvent.objects.filter(operation="terminals.manage").count() == 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "窓口1"}, "同じ名前の端末"),
        ({"address": HERE}, "別の端末に登録されています"),
        ({"address": "somewhere"}, "のように入力してください"),
        ({"volume": "101"}, "100"),
        ({"lock_minutes": "0"}, "1"),
        ({"name": ""}, "端末名を入力してください"),
    ],
)
def test_what_the_table_refuses_comes_back_as_a_sentence_with_what_was_typed(admin, fields, words):
    terminal()
    reply = admin.post(reverse("terminals:new"), form_of(**fields))
    html = reply.content.decode()
    assert "✕" in html
    assert words in html
    assert "感熱A" in html
    assert Terminal.objects.count() == 1


def test_only_administrators_change_terminals(db):
    browser = make.client("counter")
    assert browser.get(reverse("terminals:list")).status_code == 403
    assert browser.post(reverse("terminals:new"), form_of()).status_code == 403
    assert not Terminal.objects.exists()


@pytest.mark.req("F-CIR-036")
def test_volume_and_mute_stay_with_the_terminal_and_not_with_the_person(db):
    here = terminal()
    reply = make.client("counter").post(reverse("terminals:tune"), {"sound": "off", "volume": "20"})
    assert reply.json() == {"kept": True}
    here.refresh_from_db()
    assert (here.sound, here.volume) == (False, 20)
    html = make.client("librarian").get(reverse("circulation:lend")).content.decode()
    assert 'data-sound="off"' in html
    assert 'value="20"' in html
    other = Client(REMOTE_ADDR="10.81.1.80")
    other.force_login(make.staff())
    assert 'data-sound="on"' in other.get(reverse("circulation:lend")).content.decode()


@pytest.mark.parametrize("volume", ["", "x", "-1", "1000", "２０"])
def test_a_volume_that_is_none_is_told(db, volume):
    terminal()
    reply = make.client("counter").post(reverse("terminals:tune"), {"volume": volume})
    assert reply.status_code == 400
    assert "音量" in reply.json()["message"]


def keys_in(html):
    """Address → key of the bar."""
    return dict(re.findall(r'<a href="([^"]+)" data-key="([^"]+)"', html.partition("</header>")[0]))


@pytest.mark.req("F-GEN-005")
def test_a_library_swaps_two_keys_and_after_the_next_sign_in_they_are_swapped(admin):
    staff = make.staff("counter")
    browser = Client()
    browser.force_login(staff)
    lend, give_back = reverse("circulation:lend"), reverse("circulation:give_back")
    before = keys_in(browser.get(lend).content.decode())
    assert (before[lend], before[give_back]) == ("F2", "F3")
    page = admin.get(reverse("terminals:setting", args=[make.branch().pk]))
    form = {name: field.initial or "" for name, field in page.context["form"].fields.items() if name.startswith("key:")}
    form |= {"key:circulation:lend": "F3", "key:circulation:give_back": "F2", "message": "", "with_name": ""}
    assert admin.post(reverse("terminals:setting", args=[make.branch().pk]), form).status_code == 302
    browser = Client()
    browser.force_login(staff)
    after = keys_in(browser.get(lend).content.decode())
    assert (after[lend], after[give_back]) == ("F3", "F2")
    assert len(set(after.values())) == len(after)
    elsewhere = make.branch("nanbu", name="南部図書館", short="南部")
    other = Client()
    other.force_login(make.staff("counter", branch=elsewhere))
    assert keys_in(other.get(lend).content.decode())[lend] == "F2"


@pytest.mark.parametrize(
    ("key", "words"), [("F3", "二つの画面に"), ("F11", "割り当てられません"), ("A", "割り当てられません")]
)
def test_a_key_that_cannot_be_is_refused_with_the_reason(admin, key, words):
    url = reverse("terminals:setting", args=[make.branch().pk])
    form = {n: f.initial or "" for n, f in admin.get(url).context["form"].fields.items() if n.startswith("key:")}
    reply = admin.post(url, form | {"key:circulation:lend": key})
    assert words in reply.content.decode()
    assert not CounterSetting.objects.exists()


@pytest.mark.req("F-GEN-014")
def test_rows_and_order_are_remembered_for_each_member_of_staff(admin):
    for number in range(40):
        terminal(name=f"窓口{number:02}", address=f"10.81.2.{number + 1}", volume=number)
    staff = make.staff("admin")
    browser = Client()
    browser.force_login(staff)
    first = browser.get(reverse("terminals:list"))
    assert len(first.context["rows"]) == 30
    browser.get(reverse("terminals:list") + "?size=100&sort=-name&columns=name&columns=lock")
    browser.post(reverse("access:sign_out"))
    again = Client()
    again.force_login(staff)
    page = again.get(reverse("terminals:list"))
    rows = list(page.context["rows"])
    assert len(rows) == 40
    assert [row.name for row in rows[:2]] == ["窓口39", "窓口38"]
    assert [head.title for head in page.context["arranged"].heads] == ["端末名", "離席保護"]
    assert "降順" in page.content.decode() or "▼" in page.content.decode()
    # Somebody else has their own.
    assert len(admin.get(reverse("terminals:list")).context["rows"]) == 30
    assert ListPreference.objects.count() == 1


@pytest.mark.parametrize("query", ["size=7", "size=x", "sort=password", "columns=secret", "sort=-paper&size=１００"])
def test_an_arrangement_that_makes_no_sense_changes_nothing_or_only_what_makes_sense(admin, query):
    terminal()
    reply = admin.get(f"{reverse('terminals:list')}?{query}")
    assert reply.status_code == 200
    kept = ListPreference.objects.first()
    assert kept is None or (kept.size == 30 and kept.sort == "-paper")


@pytest.mark.req("F-GEN-022")
def test_a_page_has_its_guide_and_the_librarys_addition_stands_in_it_at_once(db):
    branch, elsewhere = make.branch(), make.branch("nanbu", name="南部図書館", short="南部")
    url = reverse("terminals:guide", args=["circulation:lend"])
    browser = make.client("counter", branch=branch)
    assert "利用券、資料の順に" in browser.get(url).content.decode()
    assert browser.post(url, {"text": "x"}).status_code in (302, 403)
    assert not GuideNote.objects.filter(text="x").exists()
    make.client("librarian", branch=branch).post(url, {"text": "紙芝居は袋ごと渡します"})
    told = browser.get(url, headers={"accept": "application/json"}).json()["html"]
    assert "紙芝居は袋ごと渡します" in told
    assert "紙芝居" not in make.client("counter", branch=elsewhere).get(url).content.decode()
    make.client("librarian", branch=branch).post(url, {"text": " "})
    assert not GuideNote.objects.exists()


def test_every_page_of_the_menu_has_a_guide_even_if_it_is_one_line(admin):
    for page in pages():
        assert admin.get(reverse("terminals:guide", args=[page.name])).status_code == 200
        assert page.title


@pytest.mark.req("F-GEN-024")
def test_the_sheet_has_a_bar_code_and_a_square_code_for_yes_and_no(db):
    html = make.client("counter").get(reverse("terminals:codes")).content.decode()
    for text in ("$01$", "$00$"):
        assert html.count(f'aria-label="{text}"') == 2
    assert "はい" in html
    assert "いいえ" in html


@pytest.mark.req("F-GEN-002")
def test_an_administrator_reaches_every_page_of_every_area_from_one_terminal(admin):
    shown = admin.get(reverse("access:home")).content.decode()
    missing = []
    for page in pages():
        try:
            url = reverse(page.name)
        except Exception:
            continue
        if f'href="{url}"' not in shown:
            missing.append(page.name)
    assert not missing
    assert {page.group for page in pages()} == set(GROUPS)


def test_an_unregistered_terminal_works_at_the_persons_own_library(rf, db):
    request = rf.get("/")
    request.terminal, request.user = "10.99.9.9", make.staff(branch=make.branch("nanbu", name="南部", short="南部"))
    here = queries.of(request)
    assert here.pk is None
    assert here.branch.code == "nanbu"


def test_a_registered_terminal_says_where_somebody_works_whoever_it_is(rf, db):
    terminal(branch=make.branch("nanbu", name="南部図書館", short="南部"))
    request = rf.get("/")
    request.terminal, request.user = HERE, make.staff(branch=make.branch("nagano"))
    assert queries.of(request).branch.code == "nanbu"


def test_every_staff_page_costs_one_statement_for_its_terminal(rf, db, django_assert_max_num_queries):
    terminal()
    request = rf.get("/")
    request.terminal, request.user = HERE, make.staff()
    with django_assert_max_num_queries(1):
        queries.of(request)
        queries.place_of(request)
