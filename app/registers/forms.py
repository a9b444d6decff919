"""A register's form, made from its definition."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms

from app.registers import queries, rules
from app.registers.queries import Desk
from app.registers.schema import Definition, FieldDef
from app.web.forms import EraDateField, OfficeForm

LONGEST, LONGEST_LINES = 300, 4000


class Figure(forms.DecimalField):
    """A number; whole where it has no fraction."""

    def clean(self, value: Any) -> int | float | None:
        found = super().clean(value.replace(",", "") if isinstance(value, str) else value)
        if found is None:
            return None
        return int(found) if found == found.to_integral_value() else float(found)


class Suggested(forms.TextInput):
    """A line with a list of what is known, which it need not be."""

    template_name = "registers/suggested.html"

    def __init__(self, known: list[str]) -> None:
        super().__init__(attrs={"autocomplete": "off"})
        self.known = known

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """The list has a name of its own."""
        context: dict[str, Any] = super().get_context(name, value, {**(attrs or {}), "list": f"known-{name}"})
        context["widget"]["known"] = self.known
        return context


class EntryForm(OfficeForm):
    """One row. `only` leaves out the fields that a sheet does not have."""

    def __init__(self, definition: Definition, on: Desk, *args: Any, only: Collection[str] = (), **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "f-%s")
        super().__init__(*args, **kwargs)
        for each in definition.typed:
            if not only or each.key in only:
                field = self.fields[each.key] = _field(each, on)
                choose = isinstance(field, forms.ChoiceField)
                field.error_messages["required"] = f"{each.label}を{'選んで' if choose else '入力して'}ください。"

    def values(self) -> dict[str, Any]:
        """What was filled in, with nothing as None."""
        return {key: value if value not in ("", []) else None for key, value in self.cleaned_data.items()}


def _field(each: FieldDef, on: Desk) -> forms.Field:
    common: dict[str, Any] = {"label": each.label, "required": each.required, "help_text": each.help}
    match each.kind:
        case "date":
            return EraDateField(**common)
        case "moment":
            return forms.DateTimeField(
                widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"), **common
            )
        case "number" | "money":
            return Figure(min_value=0, max_value=10**12, max_digits=15, decimal_places=2, **common)
        case "percent":
            return Figure(min_value=0, max_value=100, max_digits=5, decimal_places=2, **common)
        case "flag":
            return forms.BooleanField(**{**common, "required": False})
        case "choice" | "link":
            return forms.ChoiceField(choices=[("", "―"), *queries.choices(each, on)], **common)
        case "choices" | "links":
            widget = forms.CheckboxSelectMultiple if each.kind == "choices" else forms.SelectMultiple(attrs={"size": 5})
            return forms.MultipleChoiceField(choices=queries.choices(each, on), widget=widget, **common)
        case "lines":
            return forms.CharField(
                widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST_LINES, strip=True, **common
            )
    widget = Suggested(queries.suggestions(each, on)) if each.suggest else forms.TextInput()
    return forms.CharField(max_length=LONGEST, widget=widget, **common)


def initial(definition: Definition, values: dict[str, Any]) -> dict[str, Any]:
    """Stored values as the form's fields begin with."""
    return {f.key: rules.typed(f, values.get(f.key)) for f in definition.typed}


class DecisionForm(OfficeForm):
    """A step of an approval, or a closing: who, when."""

    person = forms.CharField(label="決裁した人", max_length=120)
    on = EraDateField(label="決裁の日")
    note = forms.CharField(label="条件・備考", max_length=200, required=False)
