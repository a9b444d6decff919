"""What belongs to one record and is too much for its row: contents, the cover, digital copies; and the policy."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from app.catalog.codes import Visibility
from app.catalog.models.records import BibliographicRecord


class ContentsPart(models.Model):
    """One piece inside a record (内容細目): a story, a paper, a track."""

    record = models.ForeignKey(BibliographicRecord, on_delete=models.CASCADE, related_name="contents_parts")
    order = models.PositiveIntegerField("並び")
    title = models.TextField("題名")
    title_reading = models.TextField("題名ヨミ", blank=True, default="", db_default="")
    creator = models.TextField("著者", blank=True, default="", db_default="")
    creator_reading = models.TextField("著者ヨミ", blank=True, default="", db_default="")

    class Meta:
        verbose_name = "内容細目"
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["record", "order"], name="contents_order", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=~Q(title=""), name="contents_has_title"),
        ]

    def __str__(self) -> str:
        return self.title


class Cover(models.Model):
    """The picture of a record's cover (書影), as small as it is shown."""

    record = models.OneToOneField(BibliographicRecord, on_delete=models.CASCADE, primary_key=True, related_name="cover")
    image = models.BinaryField("画像")
    media_type = models.CharField("形式", max_length=20)
    source = models.CharField("出所", max_length=60, blank=True, default="", db_default="")
    updated_at = models.DateTimeField("更新", auto_now=True, db_default=Now())

    class Meta:
        verbose_name = "書影"


class DigitalLink(models.Model):
    """A digital copy of a record: a file kept here, or an address elsewhere (デジタル資料)."""

    record = models.ForeignKey(BibliographicRecord, on_delete=models.CASCADE, related_name="digital_links")
    order = models.PositiveIntegerField("並び", default=1, db_default=1)
    label = models.CharField("表示名", max_length=120)
    url = models.URLField("アドレス", max_length=500, blank=True, default="", db_default="")
    file = models.BinaryField("ファイル", null=True, blank=True)
    media_type = models.CharField("形式", max_length=40, blank=True, default="", db_default="")
    visibility = models.CharField(
        "公開区分",
        max_length=8,
        choices=Visibility.choices,
        default=Visibility.PUBLIC,
        db_default=Visibility.PUBLIC,
    )
    updated_at = models.DateTimeField("更新", auto_now=True, db_default=Now())

    class Meta:
        verbose_name = "デジタル資料"
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=(~Q(url="") & Q(file=None)) | (Q(url="") & Q(file__isnull=False) & ~Q(media_type="")),
                name="digital_url_or_file",
            )
        ]

    def __str__(self) -> str:
        return self.label


class CataloguePolicy(models.Model):
    """What the library decided about its catalogue as a whole: one row."""

    class Edition(models.IntegerChoices):
        """Which edition's number counts; records without it fall back to the newest that they have."""

        NEWEST = 0, "最も新しい版"
        NDC10 = 10, "NDC10版"
        NDC9 = 9, "NDC9版"
        NDC8 = 8, "NDC8版"

    class Counted(models.TextChoices):
        """By which classification statistics count."""

        SEARCH = "search", "検索と同じ"
        NDC10 = "ndc10", "NDC10版"
        NDC9 = "ndc9", "NDC9版"
        NDC8 = "ndc8", "NDC8版"
        LOCAL = "local", "館独自の分類"

    class Emptied(models.TextChoices):
        """What becomes of a record whose last item was withdrawn."""

        SHOW = "show", "残して公開する"
        HIDE = "hide", "残して業務画面だけに出す"
        DELETE = "delete", "消す"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    ndc_edition = models.PositiveSmallIntegerField(
        "検索に使うNDCの版", choices=Edition.choices, default=Edition.NEWEST, db_default=Edition.NEWEST
    )
    # How far the numbers of a newly chosen edition are in front: the last record done. None when all are.
    reclass_from = models.BigIntegerField(null=True, editable=False)
    counted_class = models.CharField(
        "統計に使う分類", max_length=8, choices=Counted.choices, default=Counted.SEARCH, db_default=Counted.SEARCH
    )
    emptied = models.CharField(
        "所蔵がなくなった書誌", max_length=8, choices=Emptied.choices, default=Emptied.HIDE, db_default=Emptied.HIDE
    )
    show_cover = models.BooleanField("書影をOPACに出す", default=True, db_default=True)
    show_toc = models.BooleanField("目次をOPACに出す", default=True, db_default=True)
    show_summary = models.BooleanField("内容紹介をOPACに出す", default=True, db_default=True)
    show_author_note = models.BooleanField("著者紹介をOPACに出す", default=True, db_default=True)

    class Meta:
        verbose_name = "目録の方針"
        constraints = [models.CheckConstraint(name="catalogue_policy_single", condition=Q(id=1))]
