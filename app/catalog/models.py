"""Tables of the catalogue. Only `actions.py` (and the bulk loaders that state so) write them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from app.catalog.codes import MaterialType, Origin, Restriction, ShelfStatus, material_label, shelf_statuses


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


class ItemSet(models.Model):
    """Items that are lent and come back as one (組): the volumes of a set, each with its own barcode."""

    name = models.CharField("組の名称", max_length=100)

    class Meta:
        verbose_name = "組"

    def __str__(self) -> str:
        return self.name


class Item(models.Model):
    """One item (所蔵・資料): a physical thing with a barcode, of a record, at a branch."""

    record = models.ForeignKey(BibliographicRecord, on_delete=models.PROTECT, related_name="items", verbose_name="書誌")
    branch = models.ForeignKey("branches.Branch", on_delete=models.PROTECT, related_name="items", verbose_name="所蔵館")
    barcode = models.CharField("資料番号", max_length=14, unique=True)
    call_number = models.CharField("請求記号", max_length=60, blank=True, default="", db_default="")
    location = models.CharField("所在", max_length=40, blank=True, default="", db_default="")
    material_type = models.CharField(
        "資料区分", max_length=12, choices=MaterialType.choices, default=MaterialType.BOOK, db_default=MaterialType.BOOK
    )
    shelf_mark = models.CharField("別置記号", max_length=10, blank=True, default="", db_default="")
    reference_only = models.BooleanField("禁帯出", default=False, db_default=False)
    restriction = models.CharField(
        "館内利用の別", max_length=10, choices=Restriction.choices, blank=True, default="", db_default=""
    )
    item_set = models.ForeignKey(
        ItemSet, on_delete=models.SET_NULL, null=True, blank=True, related_name="items", verbose_name="組"
    )
    attachments = models.CharField(
        "付属物", max_length=200, blank=True, default="", db_default="", help_text="例: CD 1枚、地図 1枚"
    )
    attachment_count = models.PositiveSmallIntegerField("付属物の点数", default=0, db_default=0)
    condition = models.CharField("汚破損メモ", max_length=200, blank=True, default="", db_default="")
    condition_on = models.DateField("メモの日付", null=True, blank=True)
    status = models.CharField(
        "状態",
        max_length=12,
        choices=ShelfStatus.choices,
        default=ShelfStatus.IN_STOCK,
        db_default=ShelfStatus.IN_STOCK,
    )
    acquired_on = models.DateField("受入日", null=True, blank=True)
    price = models.PositiveIntegerField("価格(円)", null=True, blank=True)
    created_at = models.DateTimeField("作成", auto_now_add=True, db_default=Now())
    updated_at = models.DateTimeField("更新", auto_now=True, db_default=Now())

    class Meta:
        verbose_name = "所蔵"
        constraints = [
            models.CheckConstraint(condition=Q(barcode__regex=r"^[0-9]{4,14}$"), name="item_barcode_digits"),
            # What the counter asks about must have a name, and what has a name must be asked about.
            models.CheckConstraint(
                condition=Q(attachments="", attachment_count=0) | (~Q(attachments="") & Q(attachment_count__gt=0)),
                name="item_attachments_counted",
            ),
            models.CheckConstraint(
                condition=Q(condition="", condition_on=None) | (~Q(condition="") & Q(condition_on__isnull=False)),
                name="item_condition_dated",
            ),
        ]

    def __str__(self) -> str:
        return self.barcode

    def get_material_type_display(self) -> str:
        """As the library's own table calls it, not as the code does."""
        return material_label(self.material_type)

    def get_status_display(self) -> str:
        """As the library's own table calls it, not as the code does."""
        return dict(shelf_statuses()).get(self.status, self.status)


class SearchDocument(models.Model):
    """What the search service knows of one record. Written and read by `app.catalog.search` alone."""

    record = models.OneToOneField(
        BibliographicRecord, on_delete=models.CASCADE, primary_key=True, related_name="search_document"
    )
    version = models.SmallIntegerField()
    title_key = models.CharField(max_length=200)
    reading_key = models.CharField(max_length=200)
    title_text = models.TextField()
    author_text = models.TextField()
    body_text = models.TextField()
    tokens = ArrayField(models.IntegerField())
    material_type = models.CharField(max_length=12)
    ndc1 = models.CharField(max_length=1)
    year = models.SmallIntegerField(null=True)
    language = models.CharField(max_length=3)
    branches = ArrayField(models.IntegerField(), default=list)
    held = models.BooleanField(default=False)
    popularity = models.IntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = "検索索引"
        indexes = [
            GinIndex(fields=["tokens"], name="search_tokens", fastupdate=False),
            models.Index(fields=["title_key"], name="search_title_key", opclasses=["text_pattern_ops"]),
            models.Index(fields=["reading_key"], name="search_reading_key", opclasses=["text_pattern_ops"]),
            models.Index(fields=["version"], name="search_version"),
        ]
