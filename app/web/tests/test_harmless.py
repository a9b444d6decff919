"""What the guard against unkeepable strings says in the log."""

import pytest
from django.db import DataError
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import resolve

from app.web import harmless


def test_a_value_that_is_too_long_is_logged_by_the_pages_pattern_and_not_by_its_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Logs are kept for years: an address would say which record somebody wished for."""
    monkeypatch.setattr(harmless.views, "too_much", lambda request: HttpResponse(status=400))
    request = RequestFactory().post("/records/553/hold/")
    request.resolver_match = resolve("/records/553/hold/")
    answer = harmless.HarmlessInput(lambda asked: HttpResponse()).process_exception(request, DataError("too long"))
    assert answer is not None
    assert answer.status_code == 400
    assert "records/<int:record_id>/hold/" in caplog.text
    assert "553" not in caplog.text
