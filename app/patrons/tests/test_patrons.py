"""The register: numbers, names, registration, search, the patrons' own sessions."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from app.access.actions import NotPermitted, SignInRefused
from app.access.actor import Actor
from app.access.models import FailedSignIn
from app.access.rules import PATRON_MAX_FAILURES
from app.audit.models import AuditEvent
from app.patrons import actions, queries, rules
from app.patrons.models import Patron, PatronCategory
from app.tests import make

digits = st.text("0123456789", min_size=7, max_size=9)


@given(body=digits, place=st.integers(0, 9), other=st.integers(1, 9))
def test_the_check_digit_finds_every_single_wrong_digit(body, place, other):
    number = rules.with_check_digit(body)
    assert rules.number_is_sound(number)
    place %= len(number)
    wrong = str((int(number[place]) + other) % 10)
    assert not rules.number_is_sound(number[:place] + wrong + number[place + 1 :])


@given(body=digits)
def test_a_number_reads_the_same_with_its_start_and_stop_letters(body):
    for text in (body, f"A{body}A", f"a{body}d", f" {body[:3]}-{body[3:]} "):
        assert rules.plain_number(text) == body


@pytest.mark.parametrize("text", ["", "abc", "A", "12E4", "１２あ"])
def test_what_is_no_number_is_empty(text):
    assert rules.plain_number(text) == ""


def test_readings_become_katakana_with_one_space():
    assert rules.katakana("こばやし　　はなこ") == "コバヤシ ハナコ"
    assert rules.katakana("ｺﾊﾞﾔｼ ﾊﾅｺ") == "コバヤシ ハナコ"
    assert rules.kana_key("ヴァン・ダイク") == "ヴァンダイク"


@given(day=st.dates(date(1900, 1, 1), date(2030, 12, 31)), today=st.dates(date(1990, 1, 1), date(2030, 12, 31)))
def test_every_age_has_a_band(day, today):
    if day <= today:
        assert rules.age_band(day, today) in (
            "0-6",
            "7-12",
            "13-15",
            "16-18",
            "19-29",
            "30-39",
            "40-49",
            "50-59",
            "60-69",
            "70-79",
            "80-",
        )


def registration(**fields):
    given = {
        "card_number": rules.with_check_digit("190000001"),
        "name": "𠮷田 髙子",
        "kana": "よしだ たかこ",
        "birth_date": date(2000, 2, 29),
        "category": PatronCategory.objects.get(code="general"),
        "branch": make.branch(),
        "phone": "026-232-0000",
    }
    return actions.Registration(**{**given, **fields})


@pytest.mark.django_db
def test_a_registration_is_valid_for_the_categorys_years_and_is_recorded():
    patron = actions.register(make.actor(), registration(), today=date(2026, 11, 22))
    patron.refresh_from_db()
    assert (patron.kana, patron.phone) == ("ヨシダ タカコ", "0262320000")
    assert patron.name == "𠮷田 髙子"
    assert patron.valid_until == date(2029, 11, 22)
    assert AuditEvent.objects.get(operation="patrons.register").subject_id == str(patron.pk)


@pytest.mark.req("F-PAT-002")
@pytest.mark.django_db
def test_a_wrong_check_digit_and_a_used_number_are_refused_with_the_reason():
    clerk = make.actor()
    used = registration()
    actions.register(clerk, used)
    with pytest.raises(ValidationError, match="すでに使われて"):
        actions.register(clerk, used)
    sound = rules.with_check_digit("190000002")
    wrong = sound[:-1] + str((int(sound[-1]) + 1) % 10)
    for number, words in [(wrong, "検査数字"), ("123", "桁"), ("2900000025", "始まります"), ("12345678X0", "数字")]:
        with pytest.raises(ValidationError, match=words):
            actions.register(clerk, registration(card_number=number))
    browser = make.client()
    page = browser.post("/patrons/new/", {"card_number": wrong})
    assert "検査数字が合いません" in page.content.decode()
    assert Patron.objects.count() == 1


@pytest.mark.django_db
def test_somebody_without_the_operation_registers_nobody():
    with pytest.raises(NotPermitted):
        actions.register(Actor("staff", "x"), registration())
    assert not Patron.objects.exists()


def form(**fields):
    given = {
        "card_number": rules.with_check_digit("190000009"),
        "name": "宮沢 トシ",
        "kana": "みやざわ とし",
        "birth_date": "1990-11-05",
        "category": PatronCategory.objects.get(code="general").pk,
        "branch": make.branch().pk,
    }
    return {**given, **fields}


@pytest.mark.req("F-PAT-003")
@pytest.mark.django_db
def test_a_second_registration_of_the_same_person_shows_the_first_and_waits():
    make.patron(kana="ミヤザワ トシ", birth_date=date(1990, 11, 5))
    browser = make.client()
    page = browser.post("/patrons/new/", form())
    assert len(page.context["alike"]) >= 1
    assert Patron.objects.count() == 1
    browser.post("/patrons/new/", form(sure="yes"))
    assert Patron.objects.count() == 2


@pytest.mark.req("F-GEN-009")
@pytest.mark.django_db
def test_three_missing_fields_are_shown_at_once_by_mark_and_words_and_nothing_is_registered():
    page = make.client().post("/patrons/new/", form(card_number="", name="", kana=""))
    text = page.content.decode()
    assert text.count('class="field wrong"') == 3
    assert text.count('<p class="error">✕') == 3
    assert not Patron.objects.exists()


@pytest.mark.django_db
def test_a_change_names_its_fields_in_the_log_and_keeps_their_values_out_of_it():
    patron = make.patron(address="長野市旧町1", contact_by="post")
    browser = make.client()
    opened = browser.get(f"/patrons/{patron.pk}/edit/")
    typed = form(name=patron.name, kana=patron.kana, birth_date="1980-04-01", address="長野市新町2")
    page = browser.post(f"/patrons/{patron.pk}/edit/", typed | {"seen": opened.context["seen"]})
    assert page.status_code == 302
    patron.refresh_from_db()
    assert patron.address == "長野市新町2"
    event = AuditEvent.objects.get(operation="patrons.change")
    assert event.detail == {"fields": ["address"]}


@pytest.mark.req("F-PAT-010")
@pytest.mark.django_db
def test_three_kana_and_the_birth_date_narrow_to_one_and_phone_and_number_find_too():
    made = [
        make.patron(kana=f"ヤマダ {name}", birth_date=date(1970, 1, n + 1), phone=f"026200000{n}")
        for n, name in enumerate(["アイ", "イチロウ", "ウメ"])
    ]
    make.patron(kana="ヤマネ アイ", birth_date=date(1970, 1, 1))
    assert queries.search(kana="やまだ").ids == [one.pk for one in made]
    assert queries.search(kana="ヤマダ", birth_date=date(1970, 1, 2)).ids == [made[1].pk]
    assert queries.search(phone="026-200-0002").ids == [made[2].pk]
    assert queries.search(number=f"A{made[0].card_number}A").ids == [made[0].pk]
    assert queries.search().ids == []
    assert queries.search(number="abc").ids == []


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [{"phone": "-"}, {"kana": "・"}, {"kana": "・", "birth_date": date(1980, 4, 1)}])
def test_a_value_of_which_nothing_remains_to_compare_finds_nobody(asked):
    make.patron(phone="")
    assert queries.search(**asked).ids == []
    page = make.client().post("/patrons/", asked)
    assert page.status_code == 200
    assert "小林 花子" not in page.content.decode()
    assert not AuditEvent.objects.filter(operation="patrons.view").exists()


@pytest.mark.django_db
def test_one_kana_lists_nobody_until_another_field_narrows_it():
    patron = make.patron(kana="アオキ アオイ")
    browser = make.client()
    for short in ("ア", "・", "ア・"):
        page = browser.post("/patrons/", {"kana": short})
        assert page.context["page"] is None
        assert "2文字以上" in page.content.decode()
    assert browser.post("/patrons/", {"kana": "ア", "birth_date": "1980-04-01"}).url == f"/patrons/{patron.pk}/"
    assert browser.post("/patrons/", {"kana": "アオ"}).url == f"/patrons/{patron.pk}/"


@pytest.mark.django_db
def test_a_phone_without_digits_makes_nobody_alike():
    make.patron(kana="ミヤザワ トシ", phone="")
    assert queries.alike("ミヤザワ トシ", None, "-") == []


@pytest.mark.req("F-PAT-011")
@pytest.mark.django_db
def test_namesakes_differ_on_the_list_by_birth_date_and_address():
    make.patron(birth_date=date(1950, 5, 5), address="長野市長門町1")
    make.patron(birth_date=date(2010, 6, 6), address="長野市篠ノ井2")
    text = make.client().post("/patrons/", {"kana": "コバヤシ"}).content.decode()
    for words in ("1950/05/05", "2010/06/06", "長門町", "篠ノ井"):
        assert words in text


@pytest.mark.django_db
def test_a_single_hit_opens_at_once_and_an_empty_search_says_so():
    patron = make.patron()
    browser = make.client()
    assert browser.post("/patrons/", {"number": patron.card_number}).url == f"/patrons/{patron.pk}/"
    assert "条件を1つ以上" in browser.post("/patrons/", {"kana": ""}).content.decode()


@pytest.mark.django_db
def test_an_issued_password_is_shown_once_stored_as_a_hash_and_must_be_changed():
    patron = make.patron()
    browser = make.client()
    page = browser.post(f"/patrons/{patron.pk}/password/")
    password = page.context["password"]
    assert password not in browser.get(f"/patrons/{patron.pk}/").content.decode()
    patron.refresh_from_db()
    assert password not in patron.password
    signed_in = actions.sign_in(patron.card_number, password, Actor("anonymous"))
    assert signed_in.must_change_password is True


@pytest.mark.django_db
def test_a_patron_is_refused_alike_for_every_cause_and_locked_out_after_ten_misses():
    patron = make.patron()
    without = make.patron()
    expired = make.patron(valid_until=timezone.localdate() - timedelta(days=1))
    for one in (patron, expired):
        actions.set_password(one, "hon-wo-yomu-2026", temporary=False)
    nobody = Actor("anonymous", terminal="10.81.1.10")
    words = set()
    good, miss = "hon-wo-yomu-2026", (patron.card_number, "wrong")
    tries = [miss, (without.card_number, ""), ("1", "x"), (expired.card_number, good), *[miss] * 9]
    for number, password in [*tries, (patron.card_number, good)]:
        with pytest.raises(SignInRefused) as refused:
            actions.sign_in(number, password, nobody)
        words.add(str(refused.value))
    assert len(words) == 1


@pytest.mark.django_db
def test_going_on_while_a_card_is_locked_is_logged_and_does_not_keep_it_locked():
    patron = make.patron()
    nobody = Actor("anonymous", terminal="10.81.1.10")
    for _ in range(13):
        with pytest.raises(SignInRefused):
            actions.sign_in(patron.card_number, "wrong", nobody)
    assert FailedSignIn.objects.count() == PATRON_MAX_FAILURES
    assert AuditEvent.objects.filter(operation="access.sign_in", outcome="refused").count() == 13


@pytest.mark.django_db
def test_a_patrons_own_new_password_is_strong_and_needs_the_old_one():
    patron = make.patron()
    actions.set_password(patron, "hon-wo-yomu-2026", temporary=True)
    me = Actor("patron", str(patron.pk))
    for old, new in [("wrong", "new-strong-word-9"), ("hon-wo-yomu-2026", "short"), ("hon-wo-yomu-2026",) * 2]:
        with pytest.raises(ValidationError):
            actions.change_own_password(me, patron, old, new)
    actions.change_own_password(me, patron, "hon-wo-yomu-2026", "new-strong-word-9")
    assert actions.sign_in(patron.card_number, "new-strong-word-9", Actor("anonymous")).must_change_password is False


@pytest.mark.django_db
def test_a_patron_page_is_404_for_an_id_that_does_not_exist_and_nothing_is_recorded():
    browser = make.client()
    assert browser.get("/patrons/99999999/").status_code == 404
    assert not AuditEvent.objects.filter(operation="patrons.view").exists()
    assert Client().get("/patrons/1/").status_code == 302


@pytest.mark.django_db
def test_a_changed_password_ends_the_sessions_that_the_old_one_opened():
    patron = make.patron()
    actions.set_password(patron, "hon-wo-yomu-2026", temporary=False)
    home, library = Client(), Client()
    for browser in (home, library):
        reply = browser.post("/my/sign-in/", {"card_number": patron.card_number, "password": "hon-wo-yomu-2026"})
        assert reply.status_code == 302
        assert browser.get("/my/").status_code == 200
        assert "kura_patron" in browser.cookies
        assert "kura_staff" not in browser.cookies
    home.post("/my/password/", {"old": "hon-wo-yomu-2026", "new": "new-strong-word-9", "again": "new-strong-word-9"})
    assert home.get("/my/").status_code == 200
    assert library.get("/my/").status_code == 302


@pytest.mark.django_db
def test_a_patrons_session_opens_no_staff_page():
    patron = make.patron()
    actions.set_password(patron, "hon-wo-yomu-2026", temporary=False)
    browser = Client()
    browser.post("/my/sign-in/", {"card_number": patron.card_number, "password": "hon-wo-yomu-2026"})
    browser.cookies["kura_staff"] = browser.cookies["kura_patron"].value
    assert browser.get("/staff/").status_code == 302
    assert browser.get("/counter/").status_code == 302


@pytest.mark.req("F-PAT-020")
@pytest.mark.django_db
def test_the_first_sign_in_with_an_issued_password_leads_to_changing_it_and_nowhere_else():
    patron = make.patron()
    issued = make.client().post(f"/patrons/{patron.pk}/password/").context["password"]
    browser = Client()
    browser.post("/my/sign-in/", {"card_number": patron.card_number, "password": issued})
    assert browser.get("/my/").url == "/my/password/"
    browser.post("/my/password/", {"old": issued, "new": "new-strong-word-9", "again": "new-strong-word-9"})
    assert browser.get("/my/").status_code == 200


@pytest.mark.req("F-PAT-010")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed", ["篠ノ井", "篠ノ井布施高田", "長野市篠ノ井布施", "長野県長野市大字篠ノ井", "篠ノ井布施高田1"]
)
def test_the_beginning_of_a_town_finds_however_it_is_typed_and_told_apart_beyond_the_hashes(typed):
    here = make.patron(address="長野県長野市大字篠ノ井布施高田1番地")
    make.patron(address="長野市篠ノ井布施五明2")
    make.patron(address="長野市川中島町四ツ屋3")
    found = queries.search(address=typed).ids
    assert here.pk in found
    assert len(found) == (2 if len(rules.town_key(typed)) < 6 else 1)


@pytest.mark.req("F-PAT-010")
@pytest.mark.django_db
def test_towns_that_look_like_cities_and_other_cities_are_found_and_the_own_city_lists_nobody():
    river = make.patron(address="長野市川中島町四ツ屋3")
    away = make.patron(address="千曲市杭瀬下1")
    assert queries.search(address="川中島町").ids == [river.pk]
    assert queries.search(address="千曲市").ids == queries.search(address="杭瀬下").ids == [away.pk]
    for everybody in ("長野市", "長野", "長", "長野県"):
        assert queries.search(address=everybody).ids == []
    browser = make.client()
    assert "町名だけで探すとき" in browser.post("/patrons/", {"address": "川"}).content.decode()


@pytest.mark.req("F-PAT-010")
@pytest.mark.django_db
def test_search_by_any_combination_is_one_statement(django_assert_num_queries):
    patron = make.patron(phone="0262240001", address="長野市若里1")
    with django_assert_num_queries(1):
        found = queries.search(kana="コバヤ", birth_date=patron.birth_date, phone="026-224-0001", address="若里")
    assert found.ids == [patron.pk]
