"""Bibliographic records (書誌)."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.urls import get_script_prefix

from app.catalog.codes import (
    Audience,
    CataloguingRules,
    Level,
    MarcFormat,
    MaterialType,
    Origin,
    Screening,
    Visibility,
    material_label,
)


def _texts(label: str | None = None) -> ArrayField:
    return ArrayField(models.TextField(blank=True), verbose_name=label, default=list, db_default=[], blank=True)


def _text(label: str, **options: Any) -> models.TextField:
    return models.TextField(label, blank=True, default="", db_default="", **options)


def _code(label: str, length: int, **options: Any) -> models.CharField:
    options = {"default": "", "db_default": "", "blank": True} | options
    return models.CharField(label, max_length=length, **options)


class BibliographicRecord(models.Model):
    """One bibliographic record (書誌): what is described, whether or not the library holds it.

    The indexed fields are for searching and showing; `marc` keeps the record that they came from byte by byte.
    Readings are katakana with spaces between words (分かち書き), as the national bibliography writes them.
    `kept_fields` names the fields that staff corrected: an import leaves them alone.
    """

    origin = models.CharField("作成元", max_length=8, choices=Origin.choices, default=Origin.STAFF)
    control_number = models.CharField("MARC番号", max_length=40, null=True, blank=True)
    national_number = models.CharField("全国書誌番号", max_length=24, null=True, blank=True)
    title = models.TextField("書名")
    title_reading = models.TextField("書名ヨミ", blank=True, default="", db_default="")
    other_titles = _texts()
    volume = models.TextField("巻次", blank=True, default="", db_default="")
    statement = models.TextField("責任表示", blank=True, default="", db_default="")
    edition = models.TextField("版表示", blank=True, default="", db_default="")
    creators = _texts()
    creator_readings = _texts()
    place = models.TextField("出版地", blank=True, default="", db_default="")
    publisher = models.TextField("出版者", blank=True, default="", db_default="")
    publisher_reading = models.TextField("出版者ヨミ", blank=True, default="", db_default="")
    issued = models.TextField("出版年月", blank=True, default="", db_default="")
    year = models.SmallIntegerField("出版年", null=True, blank=True)
    isbn13 = models.CharField("ISBN", max_length=13, blank=True, default="", db_default="")
    other_isbns = _texts()
    ndc = models.CharField("分類(NDC)", max_length=24, blank=True, default="", db_default="")
    ndc_edition = models.SmallIntegerField("NDCの版", null=True, blank=True)
    other_classes = _texts()
    language = models.CharField("言語", max_length=3, blank=True, default="jpn", db_default="jpn")
    material_type = models.CharField(
        "資料種別", max_length=12, choices=MaterialType.choices, default=MaterialType.BOOK, db_default=MaterialType.BOOK
    )
    extent = models.TextField("形態", blank=True, default="", db_default="")
    series = _texts()
    subjects = _texts()
    subject_readings = _texts()
    contents = _texts()
    notes = _texts()
    # What stands above it: the set of a volume, the serial of an issue or an article, and its place in it from 1.
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts", verbose_name="親書誌"
    )
    part_order = models.PositiveIntegerField("並び", null=True, blank=True)
    level = _code("書誌の階層", 8, choices=Level.choices, default=Level.SINGLE, db_default=Level.SINGLE)
    visibility = _code("公開区分", 8, choices=Visibility.choices, default=Visibility.PUBLIC, db_default="public")
    audience = _code("利用対象", 8, choices=Audience.choices)
    rules_used = _code("記述規則", 8, choices=CataloguingRules.choices)
    # Codes of the national bibliography (MARC code lists), several of them separated by a space: 表現種別 "txt".
    content_type = _code("表現種別", 40)
    media_type = _code("機器種別", 40)
    carrier_type = _code("キャリア種別", 40)
    # As the original is written, and in latin letters (翻字, the romaji of the national bibliography).
    original_title = _text("原書名")
    title_translit = _text("書名の翻字")
    creator_translits = _texts("著者の翻字")
    other_languages = _code("その他の言語", 40, help_text="言語コードを空白で区切る")
    issn = _code("ISSN", 9)
    # What readers see only when the library shows it (CataloguePolicy).
    summary = _text("内容紹介")
    toc = _text("目次", help_text="1行に1項目")
    author_note = _text("著者紹介")
    # 視聴覚資料
    publisher_number = _code("発売番号", 60)
    performers = _texts("演奏者・出演者")
    playing_minutes = models.PositiveIntegerField("収録時間(分)", null=True, blank=True)
    medium = _code("媒体", 40, help_text="例: DVD、Blu-ray、CD、LP")
    screening = _code("上映権", 8, choices=Screening.choices)
    # 地域・行政資料
    local_class = _code("地域分類", 24)
    local_places = _texts("地名")
    local_people = _texts("人名・団体名")
    issuing_section = _code("刊行課", 100)
    own_fields = models.JSONField("独自項目", default=dict, db_default=Value({}, models.JSONField()), blank=True)
    # The record that it came from, byte by byte, and the form of these bytes.
    marc = models.BinaryField("元のMARC", null=True, editable=False)
    marc_format = _code(
        "元の形式", 8, choices=MarcFormat.choices, default=MarcFormat.MARC21, db_default="marc21", editable=False
    )
    kept_fields = _texts()
    created_at = models.DateTimeField("作成", auto_now_add=True, db_default=Now())
    updated_at = models.DateTimeField("更新", auto_now=True, db_default=Now())

    class Meta:
        verbose_name = "書誌"
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="record_has_title"),
            models.CheckConstraint(
                condition=Q(isbn13="") | Q(isbn13__regex=r"^97[89][0-9]{10}$"), name="record_isbn13"
            ),
            models.UniqueConstraint(
                fields=["national_number"], condition=Q(national_number__isnull=False), name="record_national_number"
            ),
            models.UniqueConstraint(
                fields=["control_number"], condition=Q(control_number__isnull=False), name="record_control_number"
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="record_not_its_own_parent"),
            models.CheckConstraint(
                condition=Q(part_order=None) | Q(parent__isnull=False), name="record_order_below_a_parent"
            ),
        ]
        indexes = [models.Index(fields=["isbn13"], condition=~Q(isbn13=""), name="record_isbn13_index")]

    def __str__(self) -> str:
        return self.title

    def get_material_type_display(self) -> str:
        """As the library's own table calls it, not as the code does."""
        return material_label(self.material_type)

    def get_absolute_url(self) -> str:
        """The address of the record in the OPAC, through the reader's door (app/web/doors.py); it never changes."""
        return f"{get_script_prefix()}records/{self.pk}/"
