"""Whatever is sent to whatever address of the library: a page, a polite refusal, a redirection, and never a 500.

Every pattern of the site is asked (GET) and sent a form (POST) by somebody who may do everything, with every string
that ever broke such a page in one of the fields. KURA_FUZZ=50 sends fifty forms to each instead of one. A form that
was done is sent once more, and nothing is done (app/web/once.py).
"""

import json
import os
import random
import re
import traceback
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.http import HttpResponse, QueryDict
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, resolve
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.opac.tests.test_fuzz import ODD
from app.tests import make
from app.tests.everything import PUBLIC_HOST, Address, PostedForm, addresses, browsers, forms_in
from app.web.harmless import keepable, posted_json
from app.web.once import PRESSES

pytestmark = pytest.mark.django_db
TURNS = int(os.environ.get("KURA_FUZZ", "1"))
APP = Path(__file__).resolve().parents[1]
NAMES_READ = re.compile(r'(?:\.get|\.getlist|\.pop)\("(\w+)"|(?:POST|GET|post|given|asked)\["(\w+)"\]')
ANYTHING = st.text(alphabet=st.characters(exclude_categories=()))
HARMLESS = [text for text in ODD if keepable(text)]
FILES = [
    b"",
    b"\0\xff\xfe",
    "番号,氏名\n1,\ud800".encode("utf-8", "surrogatepass"),
    b"<collection><record>",
    b"00026" * 9,
]


@dataclass
class House:
    """The library with a row of everything, who asks it, and the forms of its pages by the view that takes them."""

    staff: Client
    public: Client
    addresses: list[Address]
    forms: dict[str, list[PostedForm]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def learn(self, address: Address, page: HttpResponse | None) -> None:
        """Keep how the address answered, and the forms of the page by the view that takes them."""
        if page is None:
            return
        self.statuses[address.pattern] = page.status_code
        if page.status_code == 200 and page.get("Content-Type", "").startswith("text/html"):
            for form in forms_in(address.path, page.content.decode()):
                self.forms[_view(form.path)].append(form)

    def ask(self, path: str, query: str = "", body: dict[str, object] | None = None) -> HttpResponse | None:
        """The answer, after which everything is as it was; None, and the reason kept, when there was none."""
        browser = self.staff if path.startswith(settings.STAFF_PREFIXES) else self.public
        cookies = browser.cookies.copy()
        try:
            with transaction.atomic():
                address = f"{path}?{query}" if query else path
                answer = browser.get(address) if body is None else browser.post(address, body)
                transaction.set_rollback(True)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)
            ours = next((step for step in reversed(where) if "/app/" in step.filename), where[-1])
            sent = f"?{query}" if body is None else repr(body)
            place = f"{Path(ours.filename).relative_to(APP.parent)}:{ours.lineno}"
            self.broken.append(f"{path} {place} {type(error).__name__}: {str(error)[:120]} {sent[:300]}")
            return None
        finally:
            browser.cookies = cookies
        if answer.status_code >= 500:
            self.broken.append(f"{path} answered {answer.status_code} to {query or body!r:.300}")
        return answer


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[House]:
    """Every address is asked, with any text under the names that its pages read; what forms they show is kept."""
    with django_db_blocker.unblock(), transaction.atomic():
        staff, public = browsers()
        there = House(staff, public, addresses())
        for address in there.addresses:
            for turn in range(TURNS):
                there.learn(address, there.ask(address.path, query_of(address, turn)))
        yield there
        transaction.set_rollback(True)


def _view(path: str) -> str:
    try:
        return resolve(path).route
    except Resolver404:
        return ""


def names_of(address: Address) -> list[str]:
    """The names that the modules of the address's area read of what is sent."""
    folder = APP / address.view.__module__.split(".")[1]
    found = [NAMES_READ.findall(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py"))]
    return sorted({name for names in found for pair in names for name in pair if name})


def plausible(name: str) -> str:
    """What somebody might have typed in an empty field of that name."""
    if re.search(r"date|day|_on$|^on$|from|until|since|month", name):
        return timezone.localdate().isoformat()
    return "1"


def body_of(address: Address, forms: list[PostedForm], dice: random.Random, odd: str, fields: int) -> dict[str, object]:
    """A form as the page shows it, filled, with `odd` in some of its fields."""
    body: dict[str, object] = {}
    if forms:
        form = dice.choice(forms)
        for name, value in form.fields:
            body[name] = value or plausible(name)
        chosen = list(form.choices)
        dice.shuffle(chosen)
        body |= {name: value for name, value in chosen if dice.random() < 0.7}
        body |= {name: SimpleUploadedFile("a.csv", dice.choice(FILES)) for name in form.files if dice.random() < 0.7}
    known = [name for name in body if isinstance(body[name], str)] or names_of(address)
    for name in dice.sample(known, min(fields, len(known))):
        body[name] = odd
    return body


def texts(turn: int, pattern: str) -> tuple[random.Random, str]:
    dice = random.Random(f"{turn} {pattern}")
    return dice, dice.choice(HARMLESS)


def query_of(address: Address, turn: int) -> str:
    dice, odd = texts(turn, address.pattern)
    names = names_of(address)
    query = QueryDict(mutable=True)
    query.update(dict.fromkeys(dice.sample(names, min(4, len(names))), odd))
    return query.urlencode()


@pytest.mark.req("F-OPA-001")
def test_any_text_in_any_address_gives_a_page_or_a_polite_refusal(house: House) -> None:
    assert not house.broken, "\n".join(house.broken)
    assert len(house.statuses) == len(house.addresses) > 300
    assert sum(status == 200 for status in house.statuses.values()) > 180
    assert sum(map(len, house.forms.values())) > 300


def test_any_text_in_any_form(house: House) -> None:
    house.broken.clear()
    for address in house.addresses:
        for turn in range(TURNS):
            dice, odd = texts(turn, address.pattern)
            fields = dice.choice((0, 1, 1, 99))
            house.ask(address.path, body=body_of(address, house.forms[_view(address.path)], dice, odd, fields))
    assert not house.broken, "\n".join(house.broken)


WRITES = re.compile(r'^(INSERT|UPDATE|DELETE)(?!.* "?django_session"?)', re.S)


def kept_in(browser: Client) -> bool:
    """Whether the browser's session keeps a press."""
    names = (settings.SESSION_COOKIE_NAME, settings.PATRON_SESSION_COOKIE_NAME)
    return any(PRESSES in SessionStore(browser.cookies[name].value) for name in names if name in browser.cookies)


def test_a_second_press_of_any_form_that_was_done_leads_to_the_same_page_and_writes_nothing(house: House) -> None:
    done = []
    for address in house.addresses:
        dice, _ = texts(0, address.pattern)
        body = body_of(address, house.forms[_view(address.path)], dice, "", 0) | {"csrfmiddlewaretoken": "p" * 64}
        body = {name: value for name, value in body.items() if isinstance(value, str)}
        browser = house.staff if address.path.startswith(settings.STAFF_PREFIXES) else house.public
        cookies = browser.cookies.copy()
        with transaction.atomic():
            first = browser.post(address.path, body)
            if first.status_code in (302, 303) and kept_in(browser):
                with CaptureQueriesContext(connection) as seen:
                    second = browser.post(address.path, body)
                written = [one["sql"][:200] for one in seen if WRITES.match(one["sql"])]
                assert (second.status_code, second["Location"]) == (302, first["Location"]), address.path
                assert written == [], address.path
                done.append(address.path)
            transaction.set_rollback(True)
        browser.cookies = cookies
    assert len(done) > 30, done


def test_a_note_pressed_twice_is_one_note_and_one_from_a_page_opened_anew_is_another() -> None:
    staff, _ = browsers()
    patron = make.patron()
    page = f"/patrons/{patron.pk}/"
    for _ in range(2):
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', staff.get(page).content.decode())
        assert token is not None
        note = {"text": "忘れ物を預かっています", "importance": "2", "csrfmiddlewaretoken": token[1]}
        assert staff.post(f"{page}notes/", note).status_code == 302
        again = staff.post(f"{page}notes/", note, follow=True)
        assert "二重の送信は取り消しました" in again.content.decode()
    assert patron.notes.count() == 2


def test_a_refused_press_and_a_scripts_may_be_sent_again() -> None:
    staff, _ = browsers()
    patron = make.patron()
    page = f"/patrons/{patron.pk}/notes/"
    for _ in range(2):
        assert staff.post(page, {"text": "", "csrfmiddlewaretoken": "p" * 64}).status_code == 400
    sent = {"text": "読み取り", "importance": "2", "csrfmiddlewaretoken": "q" * 64}
    for _ in range(2):
        staff.post(page, sent, headers={"sec-fetch-mode": "cors"})
    assert patron.notes.count() == 2


def test_what_cannot_be_kept_is_refused_by_every_form(house: House) -> None:
    house.broken.clear()
    answers = {address.path: house.ask(address.path, body={"a": "b\0"}) for address in house.addresses}
    assert not house.broken, "\n".join(house.broken)
    assert {path: answer.status_code for path, answer in answers.items() if answer} == dict.fromkeys(answers, 400)


@pytest.mark.parametrize("door", ["/", "/en/", "/zh-hans/", "/ko/", "/kids/"])
def test_the_refusal_is_a_sentence_in_the_readers_language(door: str) -> None:
    said = Client(headers={"host": PUBLIC_HOST}).post(f"{door}my/basket/change/", {"record": "1\0"})
    assert said.status_code == 400
    text = said.content.decode()
    assert ("制御文字" in text) == (door == "/"), text
    assert not said.cookies


def test_a_nul_in_an_address_or_a_cookie_is_read_as_nothing() -> None:
    make.item("猫の本")
    browser = Client(headers={"host": PUBLIC_HOST})
    # As it comes over the wire: newer Pythons refuse to make such a cookie, and read it all the same.
    sent = {"cookie": f'{settings.PATRON_SESSION_COOKIE_NAME}="abcdefgh\\000ij"'}
    answer = browser.get("/?q=%00%E7%8C%AB%00", headers=sent)
    assert answer.status_code == 200
    assert answer.wsgi_request.GET["q"] == "猫"
    assert browser.get("/my/", headers=sent).status_code == 302


def test_a_value_too_great_for_its_column_is_refused_and_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    staff, _ = browsers()

    def too_long(*_: object) -> None:
        with transaction.atomic():
            make.branch("x" * 999)

    monkeypatch.setattr("app.access.views.groups_for", too_long)
    answer = staff.get("/staff/")
    assert answer.status_code == 400
    assert "記録しませんでした" in answer.content.decode()


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.recursive(ANYTHING, lambda inner: st.lists(inner) | st.dictionaries(ANYTHING, inner), max_leaves=9))
def test_json_is_read_or_refused_and_what_is_read_can_be_kept(value: object) -> None:
    said = json.dumps(value)
    request = RequestFactory().post("/", said, content_type="application/json")
    try:
        read = posted_json(request)
    except ValueError:
        assert re.search(r"\\u(0000|d[89a-f])", said)
    else:
        assert read == json.loads(said)
        json.dumps(read, ensure_ascii=False).encode()


@pytest.mark.parametrize("body", [b"", b"[" * 99_999, b"\xff", b'"\\ud800"', b'{"\\u0000": 1}', b"{}]"])
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        posted_json(RequestFactory().post("/", body, content_type="application/json"))
