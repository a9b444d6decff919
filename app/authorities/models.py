"""Authorities (典拠): one form for a person, a body or a subject, and every other form that leads to it."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Kind(models.TextChoices):
    """What is named."""

    PERSON = "person", "個人名"
    CORPORATE = "corporate", "団体名"
    MEETING = "meeting", "会議名"
    TITLE = "title", "統一書名"
    TOPIC = "topic", "普通件名"
    PLACE = "place", "地名"


NAMES = (Kind.PERSON, Kind.CORPORATE, Kind.MEETING, Kind.TITLE)


class Scheme(models.TextChoices):
    """The list that a heading belongs to; several stand side by side."""

    NDLA = "ndla", "国立国会図書館典拠"
    NDLSH = "ndlsh", "NDLSH"
    BSH = "bsh", "BSH"
    LEARNING = "gakushu", "学習件名"
    OWN = "own", "館独自"


class Authority(models.Model):
    """One authority: the form that is used (統一形), how it is read, where it comes from.

    `key` is the heading as it is compared (`rules.key`). Two people of one name are two rows. What staff corrected
    (`by_staff`) an import leaves alone.
    """

    kind = models.CharField("種類", max_length=10, choices=Kind.choices)
    scheme = models.CharField("件名標目表・典拠", max_length=8, choices=Scheme.choices, default=Scheme.OWN)
    number = models.CharField("典拠番号", max_length=20, null=True, blank=True)
    heading = models.CharField("統一形", max_length=300)
    key = models.CharField(max_length=300, editable=False)
    reading = models.CharField("ヨミ", max_length=300, blank=True, default="")
    romaji = models.CharField("ローマ字", max_length=300, blank=True, default="")
    dates = models.CharField("生没年・存続年", max_length=40, blank=True, default="")
    ndc = models.CharField("関連するNDC", max_length=60, blank=True, default="", help_text="いくつかは空白で区切る")
    note = models.TextField("注記", blank=True, default="", help_text="範囲・略歴・出典")
    by_staff = models.BooleanField("館で修正", default=False, editable=False)
    updated_at = models.DateTimeField("更新", auto_now=True, db_default=Now())

    class Meta:
        verbose_name = "典拠"
        constraints = [
            models.CheckConstraint(condition=~Q(heading="") & ~Q(key=""), name="authority_has_heading"),
            models.UniqueConstraint(
                fields=["scheme", "number"], condition=Q(number__isnull=False), name="authority_number_once"
            ),
            models.UniqueConstraint(
                fields=["scheme", "kind", "heading"], condition=Q(number=None), name="authority_heading_once"
            ),
        ]
        indexes = [
            models.Index(fields=["key"], name="authority_key", opclasses=["text_pattern_ops"]),
            models.Index(fields=["reading"], name="authority_reading", opclasses=["text_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.heading


class Form(models.Model):
    """Another form of an authority (を見よ): whoever looks for it is led to the heading."""

    class Kind(models.TextChoices):
        """Why there is another form."""

        VARIANT = "variant", "別の形"
        PEN = "pen", "筆名・別名"
        REAL = "real", "本名"
        FORMER = "former", "旧名"
        SCRIPT = "script", "別の文字・翻字"

    authority = models.ForeignKey(Authority, on_delete=models.CASCADE, related_name="forms", verbose_name="典拠")
    text = models.CharField("形", max_length=300)
    key = models.CharField(max_length=300, editable=False)
    reading = models.CharField("ヨミ", max_length=300, blank=True, default="")
    kind = models.CharField("種類", max_length=8, choices=Kind.choices, default=Kind.VARIANT)

    class Meta:
        verbose_name = "別形"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text="") & ~Q(key=""), name="authority_form_has_text"),
            models.UniqueConstraint(fields=["authority", "text"], name="authority_form_once"),
        ]
        indexes = [models.Index(fields=["key"], name="authority_form_key", opclasses=["text_pattern_ops"])]

    def __str__(self) -> str:
        return self.text


class Relation(models.Model):
    """From one authority to another: `broader` says that the target is the wider one; `related` has no direction and
    is kept once, from the smaller id to the larger."""

    class Kind(models.TextChoices):
        """をも見よ."""

        BROADER = "broader", "上位"
        RELATED = "related", "関連"

    source = models.ForeignKey(Authority, on_delete=models.CASCADE, related_name="outward", verbose_name="典拠")
    target = models.ForeignKey(Authority, on_delete=models.CASCADE, related_name="inward", verbose_name="参照先")
    kind = models.CharField("関係", max_length=8, choices=Kind.choices)

    class Meta:
        verbose_name = "参照"
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], name="authority_relation_once"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="authority_relation_to_another"),
            models.CheckConstraint(
                condition=~Q(kind="related") | Q(source__lt=F("target")), name="authority_related_kept_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} → {self.target}({self.get_kind_display()})"
