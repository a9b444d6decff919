"""A row of every table that an address names, every address of the library, and every form its pages show.

Tests of totality begin with it: a new table, page or form is in them the day it is written. A row is filled from the
columns themselves (the first choice, a number of its own, today); `FIELDS` says what a table asks beyond that.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from html.parser import HTMLParser
from itertools import count
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from app.patrons.actions import set_password
from app.tests import make
from app.web.sealed import SealedTextField

STAFF_HOST, PUBLIC_HOST = "staff.kura-nagano.example", "opac.kura-nagano.example"
READER_PASSWORD = "yomu-yomu-yomu-9"
_number = count(71)
_now = timezone.now()
_hour = _now.replace(minute=0, second=0, microsecond=0)
# Rows that other tests make already.
MADE: dict[str, Callable[[], models.Model]] = {
    "patrons.patron": make.patron,
    "catalog.item": make.item,
    "access.staffuser": make.staff,
    "branches.branch": make.branch,
}
# What a table asks of its rows beyond its columns.
FIELDS: dict[str, Callable[[], dict[str, Any]]] = {
    "audit.auditdisposal": lambda: {"month": date(2019, 4, 1)},
    "audit.auditalert": lambda: {"seen_by": ""},
    "branches.mobilestop": lambda: {"arrives": time(10), "leaves": time(11)},
    "catalog.digitallink": lambda: {"url": "https://archive.example/1"},
    "notices.stop": lambda: {"item_id": some(_model("catalog.item")).pk},
    "exports.export": lambda: {"format": "csv", "erased_at": _now},
    "office.maintenancewindow": lambda: {"hosts": ["app1"], "closes_at": _now + timedelta(hours=2)},
    "features.floorplan": lambda: {"width": 40, "height": 40},
    "mypage.favourite": lambda: {"content": {"record": 1, "title": "x", "creators": "", "comment": ""}},
    "mypage.watch": lambda: {"content": {"field": "creator", "text": "x"}},
    "reference.event": lambda: {
        "opens_at": _now,
        "closes_at": _now + timedelta(9),
        "ends_at": _now + timedelta(10),
        "capacity": 9,
    },
    "mypage.seatbooking": lambda: {"starts_at": _hour + timedelta(hours=2)},
    "terminals.offlinerecord": lambda: {"id": "8c6a4f0e-0000-4000-8000-000000000001", "problem": "no_card"},
}
# The table behind a part of an address, where its name does not say it.
ROWS = {
    "calendars/change_id": "calendars.redating",
    "counter/record_id": "terminals.offlinerecord",
    "features/course_id": "branches.mobilecourse",
    "interlibrary/request_id": "holds.purchaserequest",
    "notices/wording_id": "notices.wording",
    "notices/stop_id": "notices.stop",
    "patrons/stop_id": "patrons.patronstop",
    "patrons/note_id": "patrons.patronnote",
    "acquisitions/request_id": "holds.purchaserequest",
    "events/event_id": "reference.event",
    "reference/event_id": "reference.event",
    "regulations/row_id": "regulations.regulation",
    "authorities/target_id": "authorities.authority",
    "range_id": "catalog.numberrange",
    "theme_id": "features.themelist",
    "record_id": "catalog.bibliographicrecord",
    "request_id": "holds.purchaserequest",
    "user_id": "access.staffuser",
}
# Parts of addresses that name no row by its number.
WORDS = {
    "calendars/code": "nagano", "calendar/code": "nagano", "map/code": "nagano", "features/code": "nagano",
    "staff/code": "counter", "notices/code": "mail", "notices/kind": "hold_ready", "notices/adapter": "postcard",
    "counter/mode": "lend", "ask/receipt": "x1", "pages/slug": "x1", "office/slug": "lending", "office/host": "app1",
    "regulations/table": "location", "jobs/code": "holds.expire", "isbn/number": "9784062035156",
    "terminals/page": "counter", "browse/prefix": "913", "my/token": "x1", "calendars/year": "2027",
    "labels/token": "8c6a4f0e-0000-4000-8000-000000000001",
}  # fmt: skip


def _model(label: str) -> type[models.Model]:
    return apps.get_model(label)


def some(model: type[models.Model]) -> models.Model:
    """A row of that table: one that is there, or a new one with all it needs."""
    found = model._base_manager.order_by("-pk").first()
    return found if found is not None else new(model)


def new(model: type[models.Model]) -> models.Model:
    """A new row. IntegrityError when the table asks for more than its columns say: `FIELDS` is the place for it."""
    label = model._meta.label_lower
    if label in MADE:
        return MADE[label]()
    given = FIELDS.get(label, dict)()
    columns = [field for field in model._meta.concrete_fields if field.attname not in given and not _by_itself(field)]
    with transaction.atomic():
        return model._base_manager.create(**{field.attname: _value(field) for field in columns}, **given)


def _by_itself(field: models.Field) -> bool:
    return field.has_default() or field.null or (field.primary_key and field.get_internal_type().endswith("AutoField"))


def _value(field: models.Field) -> Any:
    if field.remote_field is not None:
        return some(field.related_model).pk
    if field.choices:
        return next(iter(dict(field.flatchoices)))
    if isinstance(field, SealedTextField):
        return "x" if type(field) is SealedTextField else field.get_default()
    kind, number = field.get_internal_type(), next(_number)
    plain = {"DateField": timezone.localdate(), "DateTimeField": _now, "TimeField": time(10), "BooleanField": False}
    plain |= {"DurationField": timedelta(minutes=5), "JSONField": {}, "ArrayField": [], "BinaryField": b"x"}
    plain |= {"GenericIPAddressField": "10.81.1.70"}
    if kind in plain:
        return plain[kind]
    if "Integer" in kind:  # a small one: some are columns, millimetres or days
        return number if field.unique else 3
    return f"x{number}"[: field.max_length or 20]


@dataclass(frozen=True)
class Address:
    """An address that exists. `pattern` is what it was made of."""

    pattern: str
    path: str
    view: Callable[..., HttpResponse]


@dataclass(frozen=True)
class PostedForm:
    """A form of a page, filled as the page fills it. `files` names its fields for files."""

    page: str
    path: str
    fields: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, str], ...]
    files: tuple[str, ...]


def patterns(urlconf: str = "app.urls.library") -> Iterator[tuple[str, Callable[..., HttpResponse]]]:
    """Every pattern of the site, whole, with its view."""

    def walk(resolver: URLResolver, begun: str) -> Iterator[tuple[str, Callable[..., HttpResponse]]]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLPattern):
                yield begun + str(entry.pattern), entry.callback
            else:
                yield from walk(entry, begun + str(entry.pattern))

    return walk(get_resolver(urlconf), "")


def addresses() -> list[Address]:
    """An address of every pattern, with the row it names made where there was none. KeyError or LookupError for a
    part of an address that nothing is known of."""
    return [Address(text, f"/{_filled(text)}", view) for text, view in patterns()]


def _filled(pattern: str) -> str:
    area = pattern.split("/")[0]

    def part(match: re.Match[str]) -> str:
        name = match[1]
        known = f"{area}/{name}"
        if known in WORDS:
            return WORDS[known]
        label = ROWS.get(known) or ROWS.get(name)
        return str(some(_model(label) if label else _named(name.removesuffix("_id").replace("_", ""))).pk)

    return re.sub(r"<\w+:(\w+)>", part, pattern)


def _named(name: str) -> type[models.Model]:
    """The table of that name, or the one whose name ends so."""
    ours = sorted(apps.get_models(), key=lambda model: len(model._meta.model_name or ""))
    return next(model for model in ours if (model._meta.model_name or "").endswith(name))


def browsers() -> tuple[Client, Client]:
    """Somebody who may do everything, at the staff's pages, and a reader who has signed in, at the public ones."""
    reader = make.patron(email="hanako@mail.example", phone="0262123456", address="長野市鶴賀1", contact_by="mail")
    set_password(reader, READER_PASSWORD, temporary=False)
    public, staff = Client(headers={"host": PUBLIC_HOST}), Client(headers={"host": STAFF_HOST})
    answer = public.post("/my/sign-in/", {"card_number": reader.card_number, "password": READER_PASSWORD})
    assert answer.status_code == 302
    staff.force_login(make.staff("admin"))
    return staff, public


class _Forms(HTMLParser):
    """The posted forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.found: list[PostedForm] = []
        self._action = ""
        self._open: tuple[list[tuple[str, str]], list[tuple[str, str]], list[str]] | None = None
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form" and given.get("method", "").lower() == "post":
            self._action, self._open = given.get("action") or self.page, ([], [], [])
        if self._open is None:
            return
        fields, choices, files = self._open
        if tag == "input" and name:
            kind = given.get("type", "text")
            if kind == "file":
                files.append(name)
            elif kind in ("checkbox", "radio"):
                choices.append((name, value or "on"))
                if "checked" in given:
                    fields.append((name, value or "on"))
            else:
                fields.append((name, value))
        elif tag == "button" and name:
            choices.append((name, value))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            choices.append((self._select, value))
            if "selected" in given:
                fields.append((self._select, value))
        elif tag == "textarea":
            self._area = name
            fields.append((name, ""))

    def handle_data(self, data: str) -> None:
        if self._area and self._open and self._open[0]:
            name, begun = self._open[0][-1]
            self._open[0][-1] = (name, begun + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""
        elif tag == "form" and self._open is not None:
            fields, choices, files = self._open
            path = self._action.split("?")[0] if self._action.startswith("/") else self.page
            kept = tuple(pair for pair in fields if pair[0] != "csrfmiddlewaretoken")
            self.found.append(PostedForm(self.page, path, kept, tuple(choices), tuple(files)))
            self._open = None


def forms_in(page: str, html: str) -> list[PostedForm]:
    """The posted forms of a page."""
    parser = _Forms(page)
    parser.feed(html)
    return parser.found
