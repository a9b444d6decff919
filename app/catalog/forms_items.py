"""Forms of items: a new one, one that is there, ranges of numbers, the rules of call numbers."""

from typing import Any

from django import forms

from app.branches import codes
from app.branches.models import Branch
from app.catalog.actions import CHANGEABLE
from app.catalog.codes import (
    Restriction,
    ShelfStatus,
    Visibility,
    acquisitions,
    material_types,
    shelf_marks,
    shelf_statuses,
)
from app.catalog.models import CallNumberRule, Item, NumberRange
from app.web.forms import EraDateField, OfficeForm

MOST_COPIES = 20
_SHORT = {"size": 10, "autocomplete": "off"}


class ItemFields(OfficeForm):
    """What staff say of an item, new or not."""

    branch = forms.ModelChoiceField(Branch.objects.filter(is_active=True), label="所蔵館")
    location = forms.ChoiceField(label="所在", required=False)
    material_type = forms.ChoiceField(label="資料区分", required=False)
    shelf_mark = forms.ChoiceField(label="別置記号", required=False)
    classification = forms.CharField(label="分類", max_length=24, required=False, widget=forms.TextInput(attrs=_SHORT))
    book_mark = forms.CharField(label="図書記号", max_length=12, required=False, widget=forms.TextInput(attrs=_SHORT))
    volume_mark = forms.CharField(label="巻冊", max_length=12, required=False, widget=forms.TextInput(attrs=_SHORT))
    reference_only = forms.BooleanField(label="禁帯出", required=False)
    restriction = forms.ChoiceField(label="館内利用の別", required=False, choices=Restriction.choices)
    visibility = forms.ChoiceField(label="公開区分", required=False, choices=Visibility.choices)
    acquisition = forms.ChoiceField(label="受入区分", required=False)
    acquired_on = EraDateField(label="受入日", required=False)
    acquired_from = forms.CharField(label="受入先", max_length=60, required=False)
    price = forms.IntegerField(label="価格(円)", min_value=0, max_value=99_999_999, required=False)
    attachments = forms.CharField(label="付属物", max_length=200, required=False, help_text="例: CD 1枚、地図 1枚")
    attachment_count = forms.IntegerField(label="付属物の点数", min_value=0, max_value=99, required=False)
    note = forms.CharField(label="所蔵注記(業務用)", max_length=200, required=False)

    # The rest stands folded away on the record's page.
    FIRST = ("branch", "location", "material_type", "shelf_mark", "classification", "book_mark", "volume_mark")

    def __init__(self, *args: Any, kept: Item | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

        def offer(name: str, choices: list[tuple[str, str]], empty: str) -> None:
            own = getattr(kept, name, "")
            more = [(own, own)] if own and own not in dict(choices) else []
            self.fields[name].choices = [("", empty), *choices, *more]  # type: ignore[attr-defined]

        offer("location", codes.choices(codes.LOCATION), "―")
        offer("material_type", material_types(), "書誌と同じ")
        offer("shelf_mark", [(mark, f"{mark} {name}") for mark, name in shelf_marks()], "なし")
        offer("acquisition", acquisitions(), "―")

    def clean(self) -> dict[str, Any]:
        """Attachments have a number and a name or neither."""
        asked = super().clean() or {}
        if bool(asked.get("attachments")) != bool(asked.get("attachment_count")):
            self.add_error("attachment_count", "付属物は、内容と点数の両方を入力してください。")
        asked["attachment_count"] = asked.get("attachment_count") or 0
        asked["visibility"] = asked.get("visibility") or Visibility.PUBLIC
        return asked

    @property
    def first(self) -> list[forms.BoundField]:
        """What is asked for every item."""
        return [self[name] for name in self.fields if name in ("barcode", "offered", *self.FIRST)]

    @property
    def further(self) -> list[forms.BoundField]:
        """What is asked for some."""
        return [self[name] for name in self.fields if name not in ("barcode", "copies", "status", *self.FIRST)]


class ItemForm(ItemFields):
    """New items of a record. An empty number is drawn from the range."""

    field_order = ("barcode", "branch", "location")
    barcode = forms.CharField(
        label="資料番号",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="空なら番号帯から自動で付きます",
    )
    copies = forms.IntegerField(
        label="冊数",
        min_value=1,
        max_value=MOST_COPIES,
        initial=1,
        required=False,
        help_text="2冊めからの資料番号は自動で付きます",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["location"].initial = codes.default_of(codes.LOCATION)

    def values(self) -> dict[str, Any]:
        """The fields of the new item besides number and place."""
        return {name: self.cleaned_data[name] for name in CHANGEABLE if name in self.cleaned_data}


class ItemEdit(ItemFields):
    """One item as it is."""

    field_order = ("branch", "location", "status")
    status = forms.ChoiceField(label="状態")
    loans_before = forms.IntegerField(
        label="移行前の貸出回数", min_value=0, max_value=999_999, required=False, help_text="前のシステムでの累計"
    )

    def __init__(self, *args: Any, kept: Item, **kwargs: Any) -> None:
        start = {name: getattr(kept, name) for name in (*self.base_fields,) if hasattr(kept, name)}
        super().__init__(*args, kept=kept, initial={**start, "branch": kept.branch_id}, **kwargs)
        self.fields["material_type"].choices = self.fields["material_type"].choices[1:]  # type: ignore[attr-defined]
        states = shelf_statuses(all_lines=False)
        if kept.status not in dict(states):
            states.append((kept.status, kept.get_status_display()))
        self.fields["status"].choices = states  # type: ignore[attr-defined]

    @property
    def first(self) -> list[forms.BoundField]:
        """What is asked for every item, with its state."""
        return [self[name] for name in self.fields if name in ("status", *self.FIRST)]

    def values(self) -> dict[str, Any]:
        """The item's columns."""
        given = {name: self.cleaned_data[name] for name in CHANGEABLE if name in self.cleaned_data}
        return given | {
            "branch_id": self.cleaned_data["branch"].pk,
            "status": self.cleaned_data["status"] or ShelfStatus.IN_STOCK,
            "loans_before": self.cleaned_data["loans_before"] or 0,
        }


class RangeForm(OfficeForm):
    """One range of item numbers."""

    name = forms.CharField(label="名称", max_length=40)
    prefix = forms.RegexField(r"^[0-9]*$", label="先頭の数字", max_length=6, required=False)
    length = forms.IntegerField(label="桁数", min_value=4, max_value=14, help_text="検査数字を含みます")
    check_digit = forms.ChoiceField(label="検査数字", choices=NumberRange.Check.choices)
    first = forms.IntegerField(label="連番の初め", min_value=0)
    last = forms.IntegerField(label="連番の終わり", min_value=0)
    next_serial = forms.IntegerField(label="次の連番", min_value=0, required=False, help_text="空なら初めから")
    material_type = forms.ChoiceField(label="資料区分", required=False)
    branch = forms.ModelChoiceField(
        Branch.objects.filter(is_active=True), label="館", required=False, empty_label="すべて"
    )
    in_use = forms.BooleanField(label="使用する", required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["prefix"].error_messages["invalid"] = "数字だけで入力してください。"
        self.fields["material_type"].choices = [("", "すべて"), *material_types(all_lines=True)]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """The columns of the range."""
        asked = dict(self.cleaned_data)
        branch = asked.pop("branch")
        if asked["next_serial"] is None:
            asked["next_serial"] = asked["first"]
        return asked | {"branch_id": branch.pk if branch else None}


class CallRuleForm(OfficeForm):
    """One line of the table of call-number rules."""

    ndc_prefix = forms.RegexField(r"^[0-9.]*$", label="分類の初め", max_length=12, required=False)
    material_type = forms.ChoiceField(label="資料区分", required=False)
    shelf_mark = forms.CharField(label="別置記号", max_length=10, required=False)
    class_places = forms.IntegerField(label="分類の桁数", min_value=0, max_value=9, required=False)
    source = forms.ChoiceField(label="図書記号のもと", choices=CallNumberRule.Source.choices)
    letters = forms.IntegerField(label="字数", min_value=1, max_value=4, initial=1)
    script = forms.ChoiceField(label="文字", choices=CallNumberRule.Script.choices)
    with_volume = forms.BooleanField(label="巻冊", required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["material_type"].choices = [("", "すべて"), *material_types(all_lines=True)]  # type: ignore[attr-defined]
        for name in ("ndc_prefix", "shelf_mark", "class_places", "letters"):
            self.fields[name].widget.attrs["size"] = 5
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = field.label or name
