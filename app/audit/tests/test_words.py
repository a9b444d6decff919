"""What somebody types about a person: in the log it is sealed, on its page it is read."""

import ast
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

import app
from app.audit import actions
from app.audit.actions import sealing
from app.audit.models import AuditEvent
from app.office.counts import personal
from app.tests import make
from app.web.sealed import MARK, UNREADABLE

WORDS = "入院のため家族が代わりに来館"
# Calls that write words of their callers, and what nobody types about one person.
NOT_OF_A_PERSON = {
    "app/access/actions/roles.py": "why the powers of staff are listed",
    "app/audit/actions/disposal.py": "why a month is disposed of",
    "app/calendars/actions.py": "why the library is closed",
    "app/exports/actions.py": "what a list is for: it stands on its page, with the counts of the reports",
    "app/features/actions/mobile.py": "why the van does not come",
    "app/holds/views/common.py": "the page's own purpose",
    "app/notices/actions/byhand.py": "the page's own purpose",
    "app/notices/views.py": "the page's own purpose",
    "app/patrons/views/common.py": "the page's own purpose",
    "app/reference/actions/events.py": "the event's number",
    "app/reference/actions/questions.py": "the question's number",
}
# Names that were sealed, or are numbers, some lines above.
LOCAL = {"app/holds/actions/placing.py", "app/patrons/actions/leaving.py"}


def stored() -> list[str]:
    """The column as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT purpose FROM audit_auditevent ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def purposes() -> list[tuple[str, ast.expr]]:
    """Every `purpose` that is handed to the log, by file."""
    found = []
    root = Path(app.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if {"tests", "migrations"} & set(path.parts):
            continue
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in ("record", "record_views"):
                given = [one.value for one in call.keywords if one.arg == "purpose"]
                given += call.args[4:5] if name == "record_views" else []
                found += [(path.relative_to(root.parent).as_posix(), one) for one in given]
    return found


def said_by_the_program(value: ast.expr) -> bool:
    """A constant, one or another of two, or what `typed` has sealed."""
    if isinstance(value, ast.Call):
        return getattr(value.func, "attr", "") == "typed"
    if isinstance(value, ast.IfExp):
        return said_by_the_program(value.body) and said_by_the_program(value.orelse)
    return isinstance(value, ast.Constant)


@pytest.mark.req("F-AUD-012")
def test_every_purpose_is_the_programs_own_or_sealed_or_of_no_person():
    found = purposes()
    open_ = {path for path, value in found if not said_by_the_program(value)}
    assert sorted(open_ - set(NOT_OF_A_PERSON) - LOCAL) == []
    assert sorted(set(NOT_OF_A_PERSON) - open_) == []
    assert sum(1 for _, value in found if isinstance(value, ast.Call)) >= 8


@pytest.mark.req("F-AUD-012")
@pytest.mark.django_db
def test_typed_words_are_sealed_in_the_log_and_read_on_its_page_and_the_hash_of_the_row_stays():
    clerk = make.actor("admin")
    who = make.patron()
    actions.record(clerk, "test.act", subject_type="patron", subject_id=who.pk, purpose=actions.typed(WORDS))
    actions.record(clerk, "test.act", subject_type="patron", subject_id=who.pk, purpose="利用者照会")
    sealed, plain = stored()
    assert sealed.startswith(MARK)
    assert WORDS not in sealed
    assert plain == "利用者照会"
    assert [event.purpose for event in AuditEvent.objects.order_by("id")] == [WORDS, "利用者照会"]
    today = str(timezone.localdate())
    asked = {"since": today, "until": today, "purpose": "苦情の調査", "operation": "test.act"}
    page = make.client("admin").post("/audit/", asked)
    assert WORDS in page.content.decode()
    assert MARK not in page.content.decode()
    assert all("苦情" not in one for one in stored())
    sealing.seal(timezone.now(), Ed25519PrivateKey.generate())
    before = stored()
    call_command("reseal", stdout=StringIO())
    assert stored() == before


@pytest.mark.django_db
def test_words_at_their_longest_fit_and_none_are_none():
    longest = "𠮷" * 300
    clerk = make.actor()
    actions.record(clerk, "test.act", purpose=actions.typed(longest))
    actions.record(clerk, "test.act", purpose=actions.typed(" "))
    assert [event.purpose for event in AuditEvent.objects.order_by("id")] == ["𠮷" * 200, ""]
    assert len(stored()[0]) <= 1200


@pytest.mark.django_db
def test_a_new_key_leaves_the_log_readable_and_says_which_old_one_stays(settings):
    actions.record(make.actor(), "test.act", purpose=actions.typed(WORDS))
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = [{"id": 7, "secret": "the-key-of-the-next-year-thirty-two-and-more"}, *old]
    said = StringIO()
    call_command("reseal", stdout=said)
    assert f"audit.auditevent.purpose: rows are never written anew; leave in the ring {old[0]['id']}" in said.getvalue()
    assert AuditEvent.objects.get().purpose == WORDS
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    assert AuditEvent.objects.get().purpose == UNREADABLE


@pytest.mark.django_db
def test_reports_count_typed_purposes_without_saying_them():
    clerk, who = make.actor(), make.patron()
    for purpose in ("利用者照会", actions.typed(WORDS), actions.typed("本人確認")):
        actions.record(clerk, "test.see", outcome="viewed", subject_type="patron", subject_id=who.pk, purpose=purpose)
    now = timezone.now()
    found = personal(now - timedelta(hours=1), now + timedelta(hours=1))
    assert found["views_by_purpose"] == [
        {"purpose": "利用者照会", "times": 1},
        {"purpose": "職員が入力した目的", "times": 2},
    ]
