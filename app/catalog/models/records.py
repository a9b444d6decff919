"""Bibliographic records (書誌)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from app.catalog.codes import MaterialType, Origin, material_label


def _texts() -> ArrayField:
    return ArrayField(models.TextField(blank=True), default=list, blank=True)


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
    marc = models.BinaryField("元のMARC", null=True, editable=False)
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
        ]
        indexes = [models.Index(fields=["isbn13"], condition=~Q(isbn13=""), name="record_isbn13_index")]

    def __str__(self) -> str:
        return self.title

    def get_material_type_display(self) -> str:
        """As the library's own table calls it, not as the code does."""
        return material_label(self.material_type)

    def get_absolute_url(self) -> str:
        """The address of the record in the OPAC; it never changes."""
        return f"/records/{self.pk}/"
