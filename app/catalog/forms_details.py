"""Forms of what belongs to a record, and of the library's decisions about its catalogue."""

from django import forms

from app.catalog.actions.details import PART_FIELDS
from app.catalog.actions.policy import FIELDS
from app.catalog.codes import Visibility
from app.catalog.models import CataloguePolicy, ContentsPart


class PlaceForm(forms.Form):
    """Below which record, and at which place in it."""

    parent = forms.IntegerField(
        label="親書誌の書誌番号", required=False, min_value=1, help_text="空にすると、親書誌から外します。"
    )
    order = forms.IntegerField(
        label="並び", required=False, min_value=1, max_value=999_999, help_text="空なら巻次の数字"
    )


class VolumesForm(forms.Form):
    """Which volumes to make."""

    first = forms.IntegerField(label="最初の番号", min_value=1, max_value=999_999, initial=1)
    last = forms.IntegerField(label="最後の番号", min_value=1, max_value=999_999)
    pattern = forms.CharField(label="巻次の書き方", max_length=40, initial="第{}巻", help_text="{} に番号が入ります。")


class LinesForm(forms.Form):
    """Lines of text; the one who shows it says of what."""

    lines = forms.CharField(label="内容", required=False, max_length=200_000, widget=forms.Textarea(attrs={"rows": 8}))


class CoverForm(forms.Form):
    """A picture and where it is from."""

    image = forms.FileField(label="画像ファイル")
    source = forms.CharField(label="出所", required=False, max_length=60)


class DigitalForm(forms.Form):
    """An address or a file."""

    label = forms.CharField(label="表示名", max_length=120)
    url = forms.URLField(label="アドレス", required=False, max_length=500, assume_scheme="https")
    file = forms.FileField(label="ファイル(画像・PDF)", required=False)
    visibility = forms.ChoiceField(label="公開区分", choices=Visibility.choices)


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """The decisions."""

    class Meta:
        model = CataloguePolicy
        fields = FIELDS


def contents_as_lines(parts: list[ContentsPart]) -> str:
    """The pieces as they are typed: a line each, fields between tabs."""
    return "\n".join("\t".join(getattr(part, name) for name in PART_FIELDS).rstrip("\t") for part in parts)


def contents_of_lines(text: str) -> list[dict[str, str]]:
    """The pieces of typed or pasted lines: title, reading, creator, reading between tabs (or full-width bars)."""
    rows = [line.replace("｜", "\t").split("\t") for line in text.splitlines() if line.strip()]
    return [dict(zip(PART_FIELDS, [*row, "", "", ""], strict=False)) for row in rows]


def fields_of_lines(text: str) -> dict[str, str]:
    """The library's own fields of typed lines 「項目名: 値」; a line without a name goes on with the one above."""
    found: dict[str, str] = {}
    name = ""
    for line in text.replace("：", ":").splitlines():
        head, colon, value = line.partition(":")
        if colon and head.strip():
            name = head.strip()[:40]
            found[name] = value.strip()
        elif name and line.strip():
            found[name] = f"{found[name]} {line.strip()}".strip()
    return {key: value for key, value in found.items() if value}
