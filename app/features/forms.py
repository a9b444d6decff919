"""What staff enter about lists, notices, floor plans and courses."""

from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory

from app.branches.models import Branch
from app.features import rules
from app.features.actions.plans import Part
from app.features.models import PlanPart
from app.web.forms import EraDateField, OfficeForm


def moment(label: str, **options: Any) -> forms.DateTimeField:
    """A date and time, with the browser's own picker."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M"]
    return forms.DateTimeField(label=label, widget=widget, input_formats=formats, **options)


class ThemeForm(OfficeForm):
    """What a list is called and when it is shown."""

    title = forms.CharField(label="表題", max_length=80)
    lead = forms.CharField(
        label="紹介文", max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="空の行で段落を分けます。**強調**、[言葉](https://…) が使えます。",
    )  # fmt: skip
    opens_at = moment("公開日時")
    closes_at = moment("終了日時", required=False, help_text="空なら、終わりなし")
    is_ready = forms.BooleanField(
        label="公開してよい", required=False, help_text="印があれば、公開日時に自動で現れ、終了日時に自動で下がります。"
    )


class TitlesForm(OfficeForm):
    """Titles to put on a list."""

    numbers = forms.CharField(
        label="資料番号・ISBN・書誌番号", max_length=8000,
        widget=forms.Textarea(attrs={"rows": 5, "autofocus": True}),
        help_text="1行に1つ。資料のバーコードを続けて読み取れます。OPACの書誌のアドレスも使えます。",
    )  # fmt: skip

    def lines(self) -> list[str]:
        """What was typed, line by line."""
        return [line.strip() for line in self.cleaned_data["numbers"].splitlines() if line.strip()]


MARKS = (
    "## 見出し　### 小見出し　- 箇条　1. 手順　| 表 | の | 行 |　**強調**　[言葉](https://…)　"
    "空の行で段落を分けます。HTMLは使えません（そのまま文字として出ます）。"
)


class ArticleForm(OfficeForm):
    """A notice or a page."""

    title = forms.CharField(label="表題", max_length=100)
    body = forms.CharField(label="本文", max_length=20000, widget=forms.Textarea(attrs={"rows": 16}), help_text=MARKS)
    publish_at = moment("公開日時")
    ends_at = moment("終了日時", required=False, help_text="空なら、終わりなし")


class NewsForm(ArticleForm):
    """A new notice."""

    branch = forms.ModelChoiceField(
        label="館", queryset=Branch.objects.filter(is_active=True), required=False, empty_label="全館"
    )


class PageForm(ArticleForm):
    """A new page."""

    slug = forms.SlugField(
        label="アドレスの名", max_length=40, help_text="半角の英数字と-。例: guide とすると /pages/guide/ になります。"
    )


class RemarkForm(OfficeForm):
    """Why a text goes back to its writer."""

    remark = forms.CharField(label="差戻しの理由", max_length=200)


class PlanForm(OfficeForm):
    """A floor."""

    name = forms.CharField(label="階・室の名", max_length=40)
    width = forms.IntegerField(label="幅(マス)", min_value=4, max_value=400, help_text="1マスは約50cm")
    height = forms.IntegerField(label="奥行(マス)", min_value=4, max_value=400)
    order = forms.IntegerField(label="並び", min_value=0, max_value=99, initial=0)
    note = forms.CharField(label="案内", max_length=200, required=False)


class PartForm(OfficeForm):
    """One part of a floor. A line without width is empty."""

    kind = forms.ChoiceField(label="種類", choices=PlanPart.Kind.choices)
    name = forms.CharField(label="名", max_length=20, required=False)
    x = forms.IntegerField(label="左から", min_value=0, max_value=400, required=False)
    y = forms.IntegerField(label="上から", min_value=0, max_value=400, required=False)
    width = forms.IntegerField(label="幅", min_value=1, max_value=400, required=False)
    height = forms.IntegerField(label="奥行", min_value=1, max_value=400, required=False)
    location = forms.CharField(label="所在", max_length=40, required=False)
    ranges = forms.CharField(
        label="請求記号の範囲", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 1})
    )
    words = forms.CharField(label="場所の説明", max_length=100, required=False)

    def clean_ranges(self) -> tuple[rules.Range, ...]:
        try:
            return tuple(rules.read_ranges(self.cleaned_data["ranges"]))
        except rules.Unreadable as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        """All four numbers or none."""
        asked = super().clean() or {}
        given = [asked.get(name) is not None for name in ("x", "y", "width", "height")]
        if any(given) and not all(given) and not self.errors:
            raise forms.ValidationError("位置と大きさは、4つとも入力してください。")
        return asked

    def part(self) -> Part | None:
        """The valid line as a part; None for an empty one."""
        asked = self.cleaned_data
        if asked.get("width") is None:
            return None
        names = ("kind", "name", "x", "y", "width", "height", "words", "location", "ranges")
        return Part(**{name: asked[name] for name in names})


EMPTY_LINES = 6


def part_forms(data: Any = None, parts: list[Part] | None = None) -> BaseFormSet:
    """The lines of a plan: those that are there, and some empty ones."""
    made = formset_factory(PartForm, extra=EMPTY_LINES, absolute_max=500, max_num=500)
    initial = [
        {**{name: getattr(part, name) for name in PartForm.base_fields}, "ranges": rules.ranges_text(part.ranges)}
        for part in parts or []
    ]
    formset: BaseFormSet = made(data, initial=initial, prefix="part")
    return formset


class CourseForm(OfficeForm):
    """A course of the mobile library."""

    name = forms.CharField(label="コース", max_length=40)
    stops = forms.CharField(
        label="巡回場所", max_length=8000, required=False, widget=forms.Textarea(attrs={"rows": 8}),
        help_text="1行に1か所。例: 10:00-10:40 若槻団地 集会所前（若槻団地1-1）",
    )  # fmt: skip

    def clean_stops(self) -> list[rules.Stop]:
        try:
            return rules.read_stops(self.cleaned_data["stops"])
        except rules.Unreadable as error:
            raise forms.ValidationError(str(error)) from error


class CourseDaysForm(OfficeForm):
    """Days of a course, some weeks apart."""

    first = EraDateField(label="最初の巡回日")
    last = EraDateField(label="最後の巡回日")
    weeks = forms.IntegerField(label="何週おき", min_value=1, max_value=12, initial=2)

    def clean(self) -> dict[str, Any]:
        """Forward, and no longer than two years."""
        asked = super().clean() or {}
        first, last = asked.get("first"), asked.get("last")
        if first and last and not 0 <= (last - first).days <= 731:
            self.add_error("last", "最後の巡回日は、最初の日から2年以内にしてください。")
        return asked


class PolicyForm(OfficeForm):
    """The automatic lists."""

    new_days = forms.IntegerField(label="新着とする日数", min_value=1, max_value=180)
    popular_least = forms.IntegerField(
        label="人気の一覧に出す最少の回数", min_value=3, max_value=1000,
        help_text="これより少ない資料は出しません。個人が推測されないよう、3より小さくはできません。",
    )  # fmt: skip
    popular_size = forms.IntegerField(label="人気の一覧の件数", min_value=20, max_value=100)
