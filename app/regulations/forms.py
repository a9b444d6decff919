"""The editor of one row, and the question which rule wins."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.forms import BoundField

from app.branches import codes
from app.branches.models import Branch
from app.catalog.codes import MaterialType
from app.patrons.models import PatronCategory
from app.regulations import notation, rules
from app.regulations.models import Regulation
from app.regulations.rules import COLUMNS, Case, Column
from app.web.forms import EraDateField, OfficeForm

ANY = "すべて"


class _Lines(forms.CharField):
    """Stages, one a line."""

    def __init__(self, column: Column, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), **kwargs)
        self.column = column

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else notation.lines_of(self.column, value)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text.strip():
            return None
        try:
            if text.strip() == "なし":
                return ()
            return notation.read_stages(text) if self.column.kind == rules.STAGES else notation.read_reminders(text)
        except notation.Unreadable as error:
            raise forms.ValidationError(str(error)) from error


def _flag(value: str) -> bool:
    return value == "1"


def _field(column: Column, otherwise: str) -> forms.Field:
    """The field of a column; empty it shows what holds otherwise."""
    field = _plain_field(column)
    if isinstance(field, forms.ChoiceField):
        field.choices = [("", f"―（{otherwise}）" if otherwise else "―"), *list(field.choices)[1:]]
    elif otherwise:
        field.widget.attrs["placeholder"] = otherwise
    return field


def _plain_field(column: Column) -> forms.Field:
    given = {"label": column.title, "help_text": column.help, "required": False}
    if column.kind in (rules.STAGES, rules.REMINDERS):
        return _Lines(column, **given)
    if column.kind == rules.FLAG:
        choices = [("", "―"), ("1", "はい"), ("0", "いいえ")]
        return forms.TypedChoiceField(choices=choices, coerce=_flag, empty_value=None, **given)
    if column.kind == rules.DATE:
        return EraDateField(**given)
    least = 1 if column.name in ("period_days", "renew_days", "busy_period_days") else 0
    return forms.IntegerField(
        min_value=least,
        max_value=366 if column.kind == rules.DAYS else 9999,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        **given,
    )


class KeyForm(OfficeForm):
    """For whom, what and where; empty means any."""

    branch = forms.ModelChoiceField(
        label="館", queryset=Branch.objects.filter(is_active=True), required=False, empty_label=ANY
    )
    category = forms.ModelChoiceField(
        label="利用者区分", queryset=PatronCategory.objects.all(), required=False, empty_label=ANY
    )
    material_type = forms.ChoiceField(label="資料種別", required=False)
    location = forms.ChoiceField(label="所在", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        materials = codes.choices(codes.MATERIAL_TYPE, MaterialType.choices)
        self.fields["material_type"].choices = [("", ANY), *materials]  # type: ignore[attr-defined]
        self.fields["location"].choices = [("", ANY), *codes.choices(codes.LOCATION)]  # type: ignore[attr-defined]

    def key(self) -> dict[str, Any]:
        """The key as a row of the table has it."""
        asked = self.cleaned_data
        return {
            "branch": asked["branch"],
            "category": asked["category"],
            "material_type": asked["material_type"],
            "location": asked["location"],
        }


class RuleForm(KeyForm):
    """One row: key, span, the values it names, and why it is changed."""

    effective_from = EraDateField(label="開始日", help_text="この日から自動で効きます")
    effective_until = EraDateField(
        label="終了日", required=False, help_text="入力すると、期間中だけ通常の規則に重なります"
    )
    note = forms.CharField(label="変更の理由", max_length=200)

    def __init__(self, *args: Any, otherwise: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column in COLUMNS:
            self.fields[column.name] = _field(column, (otherwise or {}).get(column.name, ""))

    def clean(self) -> dict[str, Any]:
        """A span that runs forward, a fixed date only within one, and at least one value."""
        asked = super().clean() or {}
        first, last, due = (asked.get(name) for name in ("effective_from", "effective_until", "fixed_due"))
        if first and last and last < first:
            self.add_error("effective_until", "終了日は開始日以後にしてください。")
        if due and not last:
            self.add_error("effective_until", "指定返却期限には終了日が要ります。")
        if due and last and due < last:
            self.add_error("fixed_due", "指定返却期限は終了日以後にしてください。")
        general = not any(asked.get(name) for name in ("branch", "category", "material_type", "location"))
        if general and not last and asked.get("period_days") is None and "period_days" not in self.errors:
            self.add_error("period_days", "全体の規則には貸出期間が要ります。")
        return asked

    def row(self) -> Regulation:
        """Key, span and note of the valid form."""
        asked = self.cleaned_data
        return Regulation(
            **self.key(),
            effective_from=asked["effective_from"],
            effective_until=asked["effective_until"],
            note=asked["note"],
        )

    def values(self) -> dict[str, Any]:
        """The values of the valid form as the database keeps them."""
        return {column.name: notation.stored(column, self.cleaned_data[column.name]) for column in COLUMNS}

    def filled_row(self) -> Regulation:
        """The row as it would be written."""
        row = self.row()
        for name, value in self.values().items():
            setattr(row, name, value)
        return row

    def span_fields(self) -> Iterator[BoundField]:
        """The fields above the values."""
        for name in ("branch", "category", "material_type", "location", "effective_from", "effective_until", "note"):
            yield self[name]

    def groups(self) -> list[tuple[str, list[BoundField]]]:
        """The values under their headings."""
        found: dict[str, list[BoundField]] = {}
        for column in COLUMNS:
            found.setdefault(column.group, []).append(self[column.name])
        return list(found.items())


class WhyForm(KeyForm):
    """A case: the rule that wins for it is shown with its reason."""

    on = EraDateField(label="日付")
    waiting = forms.IntegerField(label="予約の待ち件数", min_value=0, max_value=9999, required=False)

    def case(self) -> Case:
        """The case of the valid form."""
        asked = self.cleaned_data
        on: date = asked["on"]
        return Case(
            branch_id=asked["branch"].pk if asked["branch"] else 0,
            category_id=asked["category"].pk if asked["category"] else 0,
            material_type=asked["material_type"],
            on=on,
            waiting=asked["waiting"] or 0,
            location=asked["location"],
        )
