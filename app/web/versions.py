"""Two people edit the same thing: the later one is told, sees both values, and loses nothing that was typed.

An edit page carries a token of the values it was made from (`{% include "web/version.html" %}`). The action compares it
under the row's lock and raises Conflict when somebody saved meanwhile; the view answers 409 with the same form, what
was typed still in it, the differences above it (`{% include "web/conflict.html" %}`) and the token of the values that
are there now, so that saving again is a decision.

    # the view
    except versions.Conflict as conflict:
        context |= versions.told(form, conflict)      # adds `seen` and `differences`
        status = 409
    # the action, with the row locked; names are those of the form's fields
    versions.check(seen, {name: getattr(record, name) for name in EDITABLE})
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

FIELD = "seen"
SIGNS = 32  # 128 bits


class Conflict(Exception):
    """Somebody else saved since the page was opened. `now` are the values that are there, by field name."""

    def __init__(self, now: Mapping[str, Any]) -> None:
        super().__init__("画面を開いた後に、ほかの職員が保存しました。")
        self.now = dict(now)


@dataclass(frozen=True)
class Difference:
    """One field that is there otherwise than it was typed."""

    label: str
    now: str
    typed: str


class _Plain(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        return o.pk if isinstance(o, models.Model) else super().default(o)


def token(values: Mapping[str, Any]) -> str:
    """What stands for these values in the page. A row is the same as one's id."""
    text = _Plain(sort_keys=True, ensure_ascii=False).encode(dict(values))
    return hashlib.sha256(text.encode()).hexdigest()[:SIGNS]


def check(seen: str, values: Mapping[str, Any]) -> None:
    """Return when the page was made from these values; else, or without a token, raise Conflict."""
    if seen != token(values):
        raise Conflict(values)


def told(form: forms.BaseForm, conflict: Conflict) -> dict[str, Any]:
    """The context of the 409 page: the token to save with now, and the fields that differ from what was typed."""
    return {"seen": token(conflict.now), "differences": differences(form, conflict.now)}


def differences(form: forms.BaseForm, now: Mapping[str, Any]) -> list[Difference]:
    """The fields of a valid form whose typed value is not the one that is there, in the form's order."""
    typed = form.cleaned_data
    return [
        Difference(str(form[name].label), shown(field, now[name]), shown(field, typed[name]))
        for name, field in form.fields.items()
        if name in now and name in typed and _Plain().encode(now[name]) != _Plain().encode(typed[name])
    ]


def shown(field: forms.Field, value: Any) -> str:
    """A value as the page shows it: the words of a choice, 有・無 for a box, 空 for nothing."""
    if isinstance(field, forms.BooleanField):
        return "有" if value else "無"
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        words = {str(key): str(text) for key, text in field.choices if not isinstance(text, list | tuple)}
        return words.get(str(value), str(value)) or "（空）"
    if isinstance(value, list | tuple):
        return "／".join(map(str, value)) or "（空）"
    if isinstance(value, datetime):
        return value.strftime("%Y/%m/%d %H:%M")
    if isinstance(value, date):
        return value.strftime("%Y/%m/%d")
    return "（空）" if value is None or value == "" else str(value)
