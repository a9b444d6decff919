"""Two terminals edit the same thing: the later one is told and loses nothing."""

from datetime import date

import pytest
from django import forms

from app.catalog.models import BibliographicRecord
from app.tests import make
from app.web import versions

EDIT = "/catalog/records/{}/edit/"


def opened(browser, record, **typed):
    """What a browser would post after somebody typed over some fields of the page it has opened."""
    page = browser.get(EDIT.format(record.pk))
    values = {field.name: field.value() for field in page.context["form"]}
    plain = {name: "\n".join(value) if isinstance(value, list) else (value or "") for name, value in values.items()}
    return {**plain, "seen": page.context["seen"], **typed}


@pytest.mark.req("F-GEN-017")
@pytest.mark.django_db
def test_two_terminals_open_one_record_and_the_later_saver_is_told_and_sees_both_values():
    first, second = make.client("librarian"), make.client("librarian")
    record = BibliographicRecord.objects.create(title="山の音", publisher="筑摩書房")
    ours = opened(first, record, title="山の音 新版")
    theirs = opened(second, record, title="山の音 決定版", notes="旧字を改めた")
    assert first.post(EDIT.format(record.pk), ours).status_code == 302
    answer = second.post(EDIT.format(record.pk), theirs)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "ほかの職員が保存しました" in page
    assert "<td>山の音 新版</td><td>山の音 決定版</td>" in page
    # Nothing that was typed is lost, and nothing that was saved either.
    assert 'value="山の音 決定版"' in page
    assert "旧字を改めた</textarea>" in page
    record.refresh_from_db()
    assert record.title == "山の音 新版"
    # Saving again is a decision: the page knows now what it replaces.
    assert second.post(EDIT.format(record.pk), theirs | {"seen": answer.context["seen"]}).status_code == 302
    record.refresh_from_db()
    assert (record.title, record.notes) == ("山の音 決定版", ["旧字を改めた"])


@pytest.mark.django_db
def test_a_page_that_carries_no_token_saves_nothing():
    record = BibliographicRecord.objects.create(title="山の音")
    browser = make.client("librarian")
    typed = opened(browser, record, title="海の音")
    del typed["seen"]
    assert browser.post(EDIT.format(record.pk), typed).status_code == 409


def test_a_token_stands_for_the_values_and_not_for_their_order():
    one = versions.token({"a": 1, "b": [date(2026, 11, 3)]})
    assert one == versions.token({"b": [date(2026, 11, 3)], "a": 1})
    assert one != versions.token({"a": 1, "b": [date(2026, 11, 4)]})
    versions.check(one, {"a": 1, "b": [date(2026, 11, 3)]})
    with pytest.raises(versions.Conflict) as refused:
        versions.check(one, {"a": 2, "b": []})
    assert refused.value.now == {"a": 2, "b": []}


class Sample(forms.Form):
    kind = forms.ChoiceField(label="種別", choices=[("b", "図書"), ("m", "雑誌")])
    out = forms.BooleanField(label="禁帯出", required=False)
    day = forms.DateField(label="日付", required=False)
    memo = forms.CharField(label="メモ", required=False)


def test_differences_are_told_in_the_words_of_the_page():
    form = Sample({"kind": "b", "day": "2026-11-03", "memo": ""})
    assert form.is_valid()
    now = {"kind": "m", "out": True, "day": None, "memo": "", "other": 1}
    told = [(row.label, row.now, row.typed) for row in versions.differences(form, now)]
    assert told == [("種別", "雑誌", "図書"), ("禁帯出", "有", "無"), ("日付", "（空）", "2026/11/03")]
