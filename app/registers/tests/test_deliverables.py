"""The city's approval of a document is kept here, and the documents' covers read it."""

import pytest

from app.registers.tests.book import TODAY, Book


@pytest.mark.req("S-DEL-001", "S-PRJ-006")
def test_an_approved_document_is_in_the_records_with_day_and_number(alone):
    book = Book(alone, "deliverables")
    given = {"owner": "長野市", "copying": "可", "publication": "不可"}
    approved = book.add(document="NCL-PLN-091", title="移行計画書", **given)
    waiting = book.add(document="NCL-PLN-092", title="研修計画書", **given)
    book.approve(approved)
    rows = {row["number"]: row for row in alone.records()["registers"]["deliverables"]["rows"]}
    assert rows[approved]["values"]["document"] == "NCL-PLN-091"
    assert rows[approved]["approved_on"] == TODAY.isoformat()
    assert rows[approved]["approval_number"]
    assert rows[waiting]["approved_on"] is None
    assert "市の承認日がありません" in book.page(f"{waiting}/")
    assert "同じ" in book.refused(document="NCL-PLN-091", title="二つ目", **given)
