"""Health, metrics, error pages, headers."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from unittest import mock

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import OperationalError, connections
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from app.audit.models import AuditEvent
from app.circulation import actions
from app.circulation.models import Loan, LoanStatistic
from app.tests import make
from app.web.business import Business


@pytest.mark.django_db
def test_health_is_200_while_the_database_answers_and_touches_no_session(client):
    reply = client.get("/health")
    assert reply.status_code == 200
    assert reply.json()["database"] is True
    assert not reply.cookies


@pytest.mark.django_db
def test_health_is_503_when_the_database_does_not_answer(client):
    with mock.patch.object(connections["default"], "cursor", side_effect=OperationalError("gone")):
        reply = client.get("/health")
    assert reply.status_code == 503
    assert reply.json()["status"] == "unavailable"


def figures() -> dict[str, float]:
    return {
        sample.name + "".join(sorted(sample.labels.values())): sample.value
        for metric in Business().collect()
        for sample in metric.samples
    }


@pytest.mark.django_db
def test_the_business_figures_are_counted_from_the_tables():
    today = timezone.localdate()
    for days in (-2, 3):
        Loan.objects.create(
            item=make.item(),
            patron=make.patron(),
            branch=make.branch(),
            due_on=today + timedelta(days=days),
            lent_at=timezone.now() - timedelta(days=10),
        )
    found = figures()
    assert found["kura_database_up"] == 1
    assert found["kura_loans_open"] == 2
    assert found["kura_loans_overdue"] == 1
    assert found["kura_patrons"] == found["kura_items"] == found["kura_records"] == 2
    assert found["kura_circulation_todaylend"] == 0


@pytest.mark.django_db
def test_the_figures_of_today_are_those_of_the_librarys_day_also_at_one_in_the_morning():
    night = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # 23 November, 01:00 in Nagano
    with mock.patch("django.utils.timezone.now", return_value=night):
        actions.lend(make.actor(), make.patron().pk, make.item().barcode, make.branch())
        found = figures()
    assert LoanStatistic.objects.get().on_date == date(2026, 11, 23)
    assert found["kura_circulation_todaylend"] == 1


@pytest.mark.django_db
def test_a_database_that_is_down_is_a_figure_and_not_an_error():
    gone = mock.patch.object(connections["default"], "cursor", side_effect=OperationalError("gone"))
    with gone, mock.patch.object(connections["default"], "close"):
        found = figures()
    assert found["kura_database_up"] == 0
    assert "kura_loans_open" not in found


def test_the_metrics_process_serves_what_the_web_workers_counted(tmp_path, django_db_setup, django_db_blocker):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "app.settings.test"}
    worker = "from app.web.metrics import REQUESTS; REQUESTS.labels('x:y', 'GET', '2xx').inc(3)"
    subprocess.run([sys.executable, "-c", worker], env=env, check=True, timeout=60)
    serve = [sys.executable, "-m", "app.manage", "serve_metrics", "--port", str(port), "--address", "127.0.0.1"]
    process = subprocess.Popen(serve, env=env, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
                break
            except OSError:
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.1)
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert 'kura_http_requests_total{method="GET",route="x:y",status="2xx"} 3.0' in text
    assert "kura_database_up" in text
    assert process.returncode == 0


@pytest.mark.django_db
def test_an_error_page_is_a_sentence_with_a_number_to_quote_and_the_script_gets_json(client):
    page = client.get("/no-such-page/")
    assert page.status_code == 404
    assert "ページが見つかりません" in page.content.decode()
    assert page["X-Request-ID"] in page.content.decode()
    assert client.get("/no-such-page/", headers={"accept": "application/json"}).json()["error"]


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused_in_words():
    user = make.staff("counter")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    reply = browser.post("/counter/", {"scan": "1"})
    assert reply.status_code == 403
    assert "有効期限" in reply.content.decode()


@pytest.mark.django_db
def test_the_terminals_address_comes_from_the_proxy_only_over_its_socket():
    said = {"x-forwarded-for": "6.6.6.6, 10.81.1.70", "x-request-id": "abcdef0123456789"}
    proxied = Client(REMOTE_ADDR="", headers=said)
    reply = proxied.get("/health")
    assert reply["X-Request-ID"] == "abcdef0123456789"
    assert reply.wsgi_request.terminal == "10.81.1.70"
    direct = Client(REMOTE_ADDR="10.80.40.9", headers=said)
    reply = direct.get("/health")
    assert reply.wsgi_request.terminal == "10.80.40.9"
    assert reply["X-Request-ID"] != "abcdef0123456789"


def test_the_one_style_sheet_stays_small():
    sheets = {"web/kura.css": 20_000, "circulation/counter.css": 12_000, "circulation/counter.js": 16_000}
    for name, limit in sheets.items():
        path = finders.find(name)
        assert path
        assert Path(path).stat().st_size <= limit


def test_no_template_carries_inline_style_or_script_which_the_policy_would_block():
    inline = re.compile(r'\sstyle=|<style|\son[a-z]+="|<script(?![^>]*\bsrc=)(?![^>]*type="application/json")')
    app = Path(__file__).resolve().parents[2]
    for path in app.rglob("templates/**/*.html"):
        if "@page" in path.read_text(encoding="utf-8"):  # becomes PDF on the server and meets no browser
            continue
        text = path.read_text(encoding="utf-8")
        assert not inline.search(text), path


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_prefix_of_the_staff_realm_is_served(settings):
    served = {f"/{pattern.pattern}" for pattern in import_module(settings.ROOT_URLCONF).urlpatterns}
    assert set(settings.STAFF_PREFIXES) <= served


def test_an_error_page_and_the_audit_log_name_the_requests_number_alike():
    word = str(AuditEvent._meta.get_field("request_id").verbose_name)
    assert word == "受付番号"
    assert word in render_to_string("web/error.html", {"title": "x", "message": "x", "request_id": "r-1"})
