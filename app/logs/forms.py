"""What may be asked of the archive, and the application for a disposal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from app.logs.records import KINDS, SEVERITY_TITLES, instant
from app.logs.searching import Query
from app.operations.forms import MomentField, text
from app.web.forms import EraDateField, OfficeForm

# Shown severities: the worst first, down to …
DEPTHS = [("3", "誤り以上"), ("4", "注意以上"), ("5", "通知以上"), ("7", "すべて")]
DEFAULT_PERIOD = timedelta(days=1)


class SearchForm(OfficeForm):
    """A search. Everything but the period may be left open."""

    start = MomentField(label="始め")
    end = MomentField(label="終わり")
    host = forms.ChoiceField(label="サーバ", required=False)
    kind = forms.ChoiceField(label="種類", required=False, choices=[("", "使用率のほかすべて"), *KINDS.items()])
    service = forms.CharField(label="サービス", required=False, max_length=100)
    worst = forms.ChoiceField(label="重さ", choices=DEPTHS)
    words = forms.CharField(label="ことば", required=False, max_length=200)

    def __init__(self, *args: Any, hosts: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["host"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "すべて"), *((name, name) for name in hosts)]
        self.fields["service"].widget.attrs["placeholder"] = "nginx"
        self.fields["words"].widget.attrs["placeholder"] = "空白で区切ると、すべてを含む記録"

    @staticmethod
    def preset(now: datetime) -> dict[str, str]:
        """What is asked when nothing was: the errors of the last day."""
        start, end = timezone.localtime(now - DEFAULT_PERIOD), timezone.localtime(now + timedelta(minutes=1))
        return {"start": f"{start:%Y-%m-%dT%H:%M}", "end": f"{end:%Y-%m-%dT%H:%M}", "worst": "3"}

    def clean(self) -> dict[str, Any]:
        """The period has a beginning before its end."""
        given = super().clean() or self.cleaned_data
        start, end = given.get("start"), given.get("end")
        if start and end and start >= end:
            self.add_error("end", "終わりは、始めより後にしてください。")
        return given

    def query(self, before: str = "") -> Query:
        """The search; `before` is the instant from which the next page goes on into the past."""
        given = self.cleaned_data
        return Query(
            start=instant(given["start"]),
            end=before or instant(given["end"]),
            hosts=frozenset([given["host"]] if given["host"] else []),
            kinds=frozenset([given["kind"]] if given["kind"] else set(KINDS) - {"measure"}),
            service=given["service"].strip(),
            worst=int(given["worst"]),
            words=tuple(given["words"].split()),
        )

    def told(self) -> dict[str, Any]:
        """The search as it is kept in the record of acts."""
        given = self.cleaned_data
        return {
            "start": f"{timezone.localtime(given['start']):%Y-%m-%d %H:%M}",
            "end": f"{timezone.localtime(given['end']):%Y-%m-%d %H:%M}",
            "severity": SEVERITY_TITLES[int(given["worst"])],
            **{key: given[key] for key in ("host", "kind", "service", "words")},
        }


class DisposalForm(OfficeForm):
    """Records up to a day have been kept long enough."""

    through = EraDateField(label="この日までに受け取った記録")
    reason = text("理由", rows=2, max_length=500)


class MachineForm(OfficeForm):
    """Which machine, which day."""

    host = forms.ChoiceField(label="サーバ")
    day = EraDateField(label="日")

    def __init__(self, *args: Any, hosts: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["host"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name) for name in hosts]
