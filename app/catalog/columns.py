"""What the columns of records and items are called on the screen, and how their values read there."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from app.branches import codes
from app.branches.models import Branch
from app.catalog.codes import (
    LANGUAGES,
    Audience,
    CataloguingRules,
    Level,
    Origin,
    Restriction,
    Screening,
    Visibility,
    material_label,
    shelf_statuses,
)
from app.catalog.subjects import LISTS

EMPTY = "(空)"
_NAMES = LISTS | {
    "other_titles": "その他の書名",
    "other_isbns": "その他のISBN",
    "other_classes": "その他の分類",
    "subject_readings": "件名ヨミ",
    "kept_fields": "MARCの訂正から守る項目",
    "marc": "元のMARC",
    "record_id": "書誌",
    "into_id": "統合先",
}
_CHOICES = {
    "visibility": Visibility,
    "restriction": Restriction,
    "audience": Audience,
    "level": Level,
    "origin": Origin,
    "rules_used": CataloguingRules,
    "screening": Screening,
}


def label(model: type[models.Model], name: str) -> str:
    """What a column is called."""
    if name in _NAMES:
        return _NAMES[name]
    try:
        return str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return name  # of an earlier release


def shown(model: type[models.Model], name: str, value: Any) -> str:
    """A value as it reads on the screen; a branch costs one SQL statement."""
    if isinstance(value, bool):
        return "有" if value else "無"
    if name == "kept_fields":
        return "、".join(label(model, one) for one in value) or EMPTY
    if value in (None, "", [], {}):
        return EMPTY
    if isinstance(value, list):
        return " / ".join(str(one) for one in value)
    if name == "marc":
        return "(原データ)"
    if name == "material_type":
        return material_label(str(value))
    if name == "status":
        return dict(shelf_statuses()).get(str(value), str(value))
    if name == "language":
        return LANGUAGES.get(str(value), str(value))
    if name == "branch_id":
        return Branch.objects.filter(pk=value).values_list("name", flat=True).first() or str(value)
    if name in ("location", "shelf_mark", "acquisition"):
        return codes.label(name, str(value))
    if name in _CHOICES:
        return str(dict(_CHOICES[name].choices).get(str(value), value))
    if model._meta.app_label == "authorities":
        return str(dict(model._meta.get_field(name).flatchoices).get(value, value))  # type: ignore[union-attr]
    return str(value)
