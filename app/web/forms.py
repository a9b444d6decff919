"""What all our forms share: an empty field is named in the sentence that asks for it; dates take the era as well."""

import hashlib
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from app.web.dates import parse_date, parse_year


class OfficeForm(forms.Form):
    """A form whose `required` messages say which field and what to do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            choose = isinstance(field, forms.ChoiceField)
            message = gettext("{label}を選んでください。") if choose else gettext("{label}を入力してください。")
            field.error_messages["required"] = message.format(label=field.label)


def fingerprint(posted: QueryDict) -> str:
    """What was entered, in a few letters: a second press acts only on what the first one showed."""
    own = ("csrfmiddlewaretoken", "step", "seen")
    entered = sorted((name, values) for name, values in posted.lists() if name not in own)
    return hashlib.sha256(repr(entered).encode()).hexdigest()[:16]


def sure(posted: QueryDict) -> bool:
    """Whether this is the second press (`step=save`) on exactly what the first one showed (`seen`)."""
    return posted.get("step") == "save" and posted.get("seen") == fingerprint(posted)


class EraDateInput(forms.DateInput):
    """A line for a date in any notation; the browser's calendar stands beside it and fills it (web/dates.js)."""

    template_name = "web/era_date.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        given = {"autocomplete": "off", "size": 14, "placeholder": _("2027/1/10 または R9.1.10")}
        super().__init__({**given, **(attrs or {})}, format="%Y/%m/%d")


class EraDateField(forms.DateField):
    """A date by the Western year or by the era: 2027/1/10, 20270110, R9.1.10, 令和9年1月10日."""

    widget = EraDateInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error_messages["invalid"] = "日付として読み取れません。例: 2027/1/10、R9.1.10、令和9年1月10日"

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, str) and value.strip():
            day = parse_date(value)
            if day is None:
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
            return day
        return super().to_python(value)


class EraYearField(forms.CharField):
    """A year by the Western count or by the era: 2023, R5, 令和5, 平成31年."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 10, **kwargs})

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        year = parse_year(text)
        if year is None:
            raise forms.ValidationError("年として読み取れません。例: 2023、R5、令和5", code="invalid")
        return year
