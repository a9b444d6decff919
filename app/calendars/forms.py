"""What staff enter about opening days and closures."""

from datetime import date, time
from typing import Any

from django import forms
from django.utils import timezone

from app.branches import notation
from app.branches.models import Branch
from app.branches.rules import HOLIDAY_RULES, WEEKDAYS, Pattern
from app.calendars.models import Redating
from app.calendars.queries import Plan
from app.web.forms import EraDateField, OfficeForm

WEEKDAY_CHOICES = [(str(place), sign) for place, sign in enumerate(WEEKDAYS)]


class _Weekdays(forms.TypedMultipleChoiceField):
    """Any number of weekdays, as numbers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=WEEKDAY_CHOICES, coerce=int, widget=forms.CheckboxSelectMultiple, required=False, **kwargs
        )


class PatternForm(OfficeForm):
    """The rules of a fiscal year."""

    weekdays = _Weekdays(label="毎週の休館曜日")
    nth = forms.CharField(label="第n曜日の休館", max_length=100, required=False, help_text="例: 第4木曜、第2・第4月曜")
    tidy = forms.IntegerField(
        label="館内整理日(毎月)", min_value=1, max_value=31, required=False, help_text="日。31は月末の日"
    )
    year_end_from = forms.CharField(label="年末年始 初日", max_length=8, required=False, help_text="例: 12/29")
    year_end_to = forms.CharField(label="年末年始 最終日", max_length=8, required=False, help_text="例: 1/3")
    holidays = forms.ChoiceField(label="国民の祝日", choices=list(HOLIDAY_RULES.items()))
    hours = forms.CharField(
        label="開館時間",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="1行に1組。例: 月水木金 9:45-19:00 / 土日祝 9:45-18:00",
    )

    @staticmethod
    def initial_of(pattern: Pattern) -> dict[str, Any]:
        """A pattern as the form shows it."""
        end = pattern.year_end
        return {
            "weekdays": [str(day) for day in sorted(pattern.weekdays)],
            "nth": notation.nth_text(pattern.nth),
            "tidy": pattern.tidy or None,
            "year_end_from": f"{end[0][0]}/{end[0][1]}" if end else "",
            "year_end_to": f"{end[1][0]}/{end[1][1]}" if end else "",
            "holidays": pattern.holidays,
            "hours": notation.hours_text(pattern.hours),
        }

    def _read(self, name: str, read: Any) -> Any:
        try:
            return read(self.cleaned_data[name])
        except notation.Unreadable as error:
            raise forms.ValidationError(str(error)) from error

    def clean_nth(self) -> tuple[tuple[int, int], ...]:
        pairs: tuple[tuple[int, int], ...] = self._read("nth", notation.read_nth)
        return pairs

    def clean_hours(self) -> dict[int, tuple[str, str]]:
        hours: dict[int, tuple[str, str]] = self._read("hours", notation.read_hours)
        return hours

    def _month_day(self, name: str) -> tuple[int, int] | None:
        return self._read(name, notation.read_month_day) if self.cleaned_data[name] else None

    def clean_year_end_from(self) -> tuple[int, int] | None:
        return self._month_day("year_end_from")

    def clean_year_end_to(self) -> tuple[int, int] | None:
        return self._month_day("year_end_to")

    def clean(self) -> dict[str, Any]:
        """Both ends of the year-end closure or none, and within one fiscal year."""
        asked = super().clean() or {}
        first, last = asked.get("year_end_from"), asked.get("year_end_to")
        if (first is None) != (last is None) and not {"year_end_from", "year_end_to"} & self.errors.keys():
            self.add_error("year_end_to", "年末年始は初日と最終日の両方を入力してください。")
        elif first and last and (first[0] < 10 or 4 <= last[0] < 10 or (last[0] >= 10 and last < first)):
            self.add_error("year_end_to", "年末年始は10月から3月の間にしてください。")
        return asked

    def pattern(self) -> Pattern:
        """The valid form as a pattern."""
        asked = self.cleaned_data
        first, last = asked["year_end_from"], asked["year_end_to"]
        return Pattern(
            frozenset(asked["weekdays"]),
            asked["nth"],
            asked["tidy"] or 0,
            (first, last) if first and last else None,
            asked["holidays"],
            asked["hours"],
        )


class DayForm(OfficeForm):
    """One day: open or closed, and its own hours."""

    day = EraDateField(label="日付")
    closed = forms.ChoiceField(label="開館・休館", choices=[("0", "開館"), ("1", "休館")], widget=forms.RadioSelect)
    reason = forms.CharField(label="事由", max_length=60, required=False)
    opens = forms.TimeField(label="開館時刻", required=False, widget=forms.TextInput(attrs={"placeholder": "通常"}))
    closes = forms.TimeField(label="閉館時刻", required=False, widget=forms.TextInput(attrs={"placeholder": "通常"}))

    def clean(self) -> dict[str, Any]:
        """Both times or none."""
        asked = super().clean() or {}
        if bool(asked.get("opens")) != bool(asked.get("closes")) and not {"opens", "closes"} & self.errors.keys():
            self.add_error("closes", "時刻は開館と閉館の両方を入力してください。")
        return asked

    def hours(self) -> tuple[time, time] | None:
        """The day's own hours; None for the usual ones."""
        asked = self.cleaned_data
        return (asked["opens"], asked["closes"]) if asked["opens"] else None


class _Branches(forms.ModelMultipleChoiceField):
    """Any number of branches."""

    def __init__(self) -> None:
        super().__init__(
            label="館",
            queryset=Branch.objects.filter(is_active=True),
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )


def _with_branches(form: forms.Form, asked: dict[str, Any]) -> dict[str, Any]:
    """All branches when `everywhere` is ticked; otherwise at least one must be chosen, and never both."""
    if asked.get("everywhere") and asked.get("branches"):
        form.add_error("branches", "全館か、館の選択か、どちらかにしてください。")
    elif asked.get("everywhere"):
        asked["branches"] = Branch.objects.filter(is_active=True)
    elif "branches" not in form.errors and not asked.get("branches"):
        form.add_error("branches", "館を選んでください。")
    return asked


class CopyForm(OfficeForm):
    """Where a year's rules are written to."""

    year = forms.IntegerField(label="年度", min_value=2000, max_value=2100)
    everywhere = forms.BooleanField(label="全館に写す", required=False)
    branches = _Branches()
    with_days = forms.BooleanField(label="日ごとの休館も写す（同じ年度だけ）", required=False, initial=True)

    def clean(self) -> dict[str, Any]:
        return _with_branches(self, super().clean() or {})


class DeliveryForm(OfficeForm):
    """The weekdays on which the van calls, and those on which the branch is closed where no year is laid out."""

    deliveries = _Weekdays(label="便の曜日")
    closed_weekdays = _Weekdays(label="定期休館曜日", help_text="年度の開館日を作成していない年度に使います")

    def clean_closed_weekdays(self) -> list[int]:
        days: list[int] = self.cleaned_data["closed_weekdays"]
        if len(days) > 6:
            raise forms.ValidationError("開館する曜日を残してください。")
        return days


class ClosureForm(OfficeForm):
    """An emergency closure, or a change of all dates within a span."""

    kind = forms.ChoiceField(
        label="種類",
        choices=[
            (Redating.Kind.CLOSURE, "臨時休館（期間中を休館日にし、期限を延ばす）"),
            (Redating.Kind.EXTENSION, "期限の一括変更（休館日は変えない）"),
        ],
        widget=forms.RadioSelect,
        initial=Redating.Kind.CLOSURE,
    )
    first = EraDateField(label="初日")
    last = EraDateField(label="最終日")
    reason = forms.CharField(label="事由", max_length=60, help_text="例: 大雪、停電、システム更新")
    due_to = EraDateField(label="新しい返却期限", required=False, help_text="空なら休館明けの開館日")
    hold_days = forms.IntegerField(
        label="取置の延長(開館日)", min_value=0, max_value=400, required=False, help_text="空なら期間の日数と同じ"
    )
    everywhere = forms.BooleanField(label="全館", required=False, initial=True)
    branches = _Branches()

    def clean(self) -> dict[str, Any]:
        """A span that runs forward and is not over; an extension says to when."""
        asked = _with_branches(self, super().clean() or {})
        first, last, due_to = asked.get("first"), asked.get("last"), asked.get("due_to")
        if first and last and last < first:
            self.add_error("last", "最終日は初日以後にしてください。")
        if last and last < timezone.localdate():
            self.add_error("last", "過ぎた期間です。")
        if last and due_to and due_to <= last:
            self.add_error("due_to", "新しい返却期限は期間の最終日より後にしてください。")
        if asked.get("kind") == Redating.Kind.EXTENSION and not due_to and "due_to" not in self.errors:
            self.add_error("due_to", "新しい返却期限を入力してください。")
        return asked

    def plan(self) -> Plan:
        """The valid form as a plan."""
        asked = self.cleaned_data
        first: date = asked["first"]
        last: date = asked["last"]
        given = asked["hold_days"]
        return Plan(
            asked["kind"],
            tuple(asked["branches"]),
            first,
            last,
            asked["reason"],
            asked["due_to"],
            (last - first).days + 1 if given is None else given,
        )
