"""Forms of labels."""

import uuid
from decimal import Decimal
from typing import Any

from django import forms

from app.branches import codes
from app.branches.models import Branch
from app.labels import queries, rules
from app.labels.actions import MOST_LABELS
from app.labels.models import Layout, Tier
from app.web.forms import EraDateField, OfficeForm


class SheetFields(OfficeForm):
    """On which layout, and from which place of the sheet."""

    kind = Layout.Kind.SPINE
    layout = forms.ModelChoiceField(Layout.objects.none(), label="様式", empty_label=None)
    start = forms.IntegerField(
        label="印刷を始める位置", min_value=1, initial=1, help_text="使いかけの用紙は、左上から右へ数えた位置"
    )
    field_order = ("barcodes", "number_range", "count")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Layout.objects.filter(kind=self.kind, in_use=True)
        self.fields["layout"].queryset = known  # type: ignore[attr-defined]
        self.fields["layout"].initial = known.first()

    def clean(self) -> dict[str, Any]:
        """A place that the sheet has."""
        asked = super().clean() or {}
        layout, start = asked.get("layout"), asked.get("start")
        if layout and start and start > layout.columns * layout.rows:
            self.add_error("start", f"この様式の位置は1から{layout.columns * layout.rows}までです。")
        return asked


class SpineForm(SheetFields):
    """Spine labels: of numbers read one after the other, or of what was acquired in some days."""

    barcodes = forms.CharField(
        label="資料番号",
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "autofocus": True, "autocomplete": "off"}),
        help_text="続けて読み取れます。空なら下の受入日の資料を書架順に印刷します",
    )
    branch = forms.ModelChoiceField(Branch.objects.filter(is_active=True), label="館", required=False)
    location = forms.ChoiceField(label="所在", required=False)
    first = EraDateField(label="受入日から", required=False)
    last = EraDateField(label="受入日まで", required=False)
    copies = forms.IntegerField(label="1点の枚数", min_value=1, max_value=10, initial=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["location"].choices = [("", "すべて"), *codes.choices(codes.LOCATION)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Numbers, or a place with days."""
        asked = super().clean()
        asked["numbers"] = rules.numbers_in(asked.get("barcodes") or "")
        if len(asked["numbers"]) > MOST_LABELS:
            self.add_error("barcodes", f"一度に印刷できるのは{MOST_LABELS}枚までです。")
        if not asked["numbers"] and not (asked.get("branch") and asked.get("first")):
            self.add_error("barcodes", "資料番号を読み取るか、館と受入日を入力してください。")
        asked["last"] = asked.get("last") or asked.get("first")
        return asked


class NumbersForm(SheetFields):
    """Barcode labels with new numbers."""

    kind = Layout.Kind.BARCODE
    number_range = forms.ChoiceField(label="番号帯")
    count = forms.IntegerField(label="枚数", min_value=1, max_value=MOST_LABELS, initial=44)
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number_range"].choices = [(row.pk, row.name) for row in queries.ranges()]  # type: ignore[attr-defined]
        self.fields["token"].initial = uuid.uuid4


class AgainForm(SheetFields):
    """Barcode labels of numbers that are there."""

    kind = Layout.Kind.BARCODE
    barcodes = forms.CharField(
        label="資料番号",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text="貼り替えるラベルの番号を続けて読み取ります",
    )

    def clean_barcodes(self) -> list[str]:
        """The numbers, in order."""
        found = rules.numbers_in(self.cleaned_data["barcodes"])
        if not found or len(found) > MOST_LABELS:
            raise forms.ValidationError(f"資料番号を1から{MOST_LABELS}個まで入力してください。")
        return found


def _length(label: str, **more: Any) -> forms.DecimalField:
    more = {"min_value": Decimal(0), "max_value": Decimal(999), **more}
    return forms.DecimalField(label=label, decimal_places=2, widget=forms.NumberInput(attrs={"step": "0.1"}), **more)


class LayoutForm(OfficeForm):
    """The sheet of a layout, in millimetres."""

    name = forms.CharField(label="名称", max_length=60)
    kind = forms.ChoiceField(label="種類", choices=Layout.Kind.choices)
    page_width = _length("用紙の幅(mm)", initial=210)
    page_height = _length("用紙の高さ(mm)", initial=297)
    columns = forms.IntegerField(label="横の枚数", min_value=1, max_value=30)
    rows = forms.IntegerField(label="縦の枚数", min_value=1, max_value=60)
    left = _length("左の余白(mm)")
    top = _length("上の余白(mm)")
    label_width = _length("ラベルの幅(mm)", min_value=Decimal(1))
    label_height = _length("ラベルの高さ(mm)", min_value=Decimal(1))
    gap_x = _length("横の間隔(mm)", initial=0)
    gap_y = _length("縦の間隔(mm)", initial=0)
    colour_by = forms.ChoiceField(label="色分け", choices=Layout.ColourBy.choices, required=False)
    band = forms.ChoiceField(label="色の位置", choices=Layout.Band.choices)
    band_size = _length("色の太さ(mm)", initial=1)
    colours = forms.CharField(
        label="色",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="1行に「値 #rrggbb」。分類の色分けは、値が分類の初め",
    )
    in_use = forms.BooleanField(label="使用する", required=False, initial=True)

    def clean_colours(self) -> dict[str, str]:
        """Colours by value."""
        found = {}
        for line in self.cleaned_data["colours"].splitlines():
            value, _, colour = line.strip().rpartition(" ")
            if not line.strip():
                continue
            if not value or not rules.HEX.match(colour.lower()):
                raise forms.ValidationError(f"「{line.strip()}」は「値 #rrggbb」の形で入力してください。")
            found[value.strip()] = colour.lower()
        return found


class TierForm(OfficeForm):
    """One tier of a label."""

    content = forms.ChoiceField(label="内容", choices=[("", "―"), *Tier.Content.choices], required=False)
    text = forms.CharField(label="決まった文字", max_length=40, required=False)
    x = _length("左から", required=False)
    y = _length("上から", required=False)
    width = _length("幅", required=False)
    height = _length("高さ", required=False)
    size = forms.DecimalField(label="文字(pt)", min_value=4, max_value=99, decimal_places=1, required=False, initial=11)
    align = forms.ChoiceField(label="寄せ", choices=Tier.Align.choices)
    bold = forms.BooleanField(label="太字", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = field.label or name

    def clean(self) -> dict[str, Any]:
        """A tier that shows something has a place."""
        asked = super().clean() or {}
        if asked.get("content"):
            for name in ("width", "height"):
                if not asked.get(name):
                    self.add_error(name, "入力してください。")
            asked["x"], asked["y"] = asked.get("x") or Decimal(0), asked.get("y") or Decimal(0)
            asked["size"] = asked.get("size") or Decimal(11)
        return asked
