"""What the library shows its readers beside the catalogue: lists, notices and pages, popular titles, floor plans.

Nothing here knows a patron. Who wrote and who approved a text stands by their number.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from app.branches.models import Branch
from app.catalog.models import BibliographicRecord


class Policy(models.Model):
    """What the library decided about its automatic lists: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    new_days = models.PositiveSmallIntegerField(
        "新着とする日数", default=30, db_default=30, help_text="受入日からの日数。1日から180日"
    )
    popular_least = models.PositiveSmallIntegerField(
        "人気の一覧に出す最少の回数",
        default=5,
        db_default=5,
        help_text="これより少ない資料は出しません。個人が推測されないよう、3より小さくはできません",
    )
    popular_size = models.PositiveSmallIntegerField(
        "人気の一覧の件数", default=20, db_default=20, help_text="期間ごとに20件から100件"
    )

    class Meta:
        verbose_name = "自動の一覧の方針"
        constraints = [
            models.CheckConstraint(name="features_policy_single", condition=Q(id=1)),
            models.CheckConstraint(name="features_policy_days", condition=Q(new_days__gte=1, new_days__lte=180)),
            # Fewer than three loans may be one person's.
            models.CheckConstraint(name="features_policy_least", condition=Q(popular_least__gte=3)),
            models.CheckConstraint(
                name="features_policy_size", condition=Q(popular_size__gte=20, popular_size__lte=100)
            ),
        ]


class PopularTitle(models.Model):
    """A place in a ranking, as the night counted it: from counts by month, which hold no patron."""

    class Period(models.TextChoices):
        MONTH = "month", "先月"
        QUARTER = "quarter", "3か月"
        YEAR = "year", "1年"
        HOLDS = "holds", "予約の多い本"

    period = models.CharField("期間", max_length=8, choices=Period)
    rank = models.PositiveSmallIntegerField("順位")
    record = models.ForeignKey(BibliographicRecord, on_delete=models.CASCADE, related_name="+", verbose_name="書誌")
    count = models.PositiveIntegerField("回数")
    first = models.DateField("初日")
    last = models.DateField("最終日")

    class Meta:
        verbose_name = "人気の資料"
        ordering = ["period", "rank", "record_id"]
        constraints = [
            models.UniqueConstraint(fields=["period", "record"], name="features_popular_once"),
            models.CheckConstraint(name="features_popular_no_small_number", condition=Q(count__gte=3)),
        ]


class ThemeList(models.Model):
    """Titles that staff chose for a theme, shown from one moment to another."""

    title = models.CharField("表題", max_length=80)
    lead = models.TextField("紹介文", max_length=4000, blank=True)
    opens_at = models.DateTimeField("公開日時")
    closes_at = models.DateTimeField("終了日時", null=True, blank=True)
    is_ready = models.BooleanField("公開してよい", default=False)
    made_by = models.CharField("作成", max_length=40)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "テーマ別一覧"
        ordering = ["-opens_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="features_list_closes_later", condition=Q(closes_at=None) | Q(closes_at__gt=F("opens_at"))
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ListEntry(models.Model):
    """One title of a list, with what the librarian says of it."""

    theme = models.ForeignKey(ThemeList, on_delete=models.CASCADE, related_name="entries")
    record = models.ForeignKey(BibliographicRecord, on_delete=models.CASCADE, related_name="+", verbose_name="書誌")
    order = models.PositiveSmallIntegerField("並び")
    comment = models.CharField("ひとこと", max_length=200, blank=True)

    class Meta:
        verbose_name = "一覧の資料"
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["theme", "record"], name="features_entry_once")]


class Article(models.Model):
    """A notice to readers, or a page of the site. Its text stands in its versions."""

    class Kind(models.TextChoices):
        NEWS = "news", "お知らせ"
        PAGE = "page", "ページ"

    kind = models.CharField("種類", max_length=4, choices=Kind)
    slug = models.SlugField("アドレスの名", max_length=40, null=True, blank=True, unique=True)
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="館"
    )

    class Meta:
        verbose_name = "お知らせ・ページ"
        constraints = [
            models.CheckConstraint(
                name="features_page_has_an_address",
                condition=Q(kind="page", slug__isnull=False) | Q(kind="news", slug__isnull=True),
            ),
        ]


class ArticleVersion(models.Model):
    """One text of an article. Readers see the approved one whose time began last, until its end."""

    class State(models.TextChoices):
        DRAFT = "draft", "下書き"
        PROPOSED = "proposed", "承認待ち"
        APPROVED = "approved", "承認済"
        WITHDRAWN = "withdrawn", "取下げ"

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField("版")
    title = models.CharField("表題", max_length=100)
    body = models.TextField("本文", max_length=20000)
    publish_at = models.DateTimeField("公開日時")
    ends_at = models.DateTimeField("終了日時", null=True, blank=True)
    state = models.CharField("状態", max_length=9, choices=State, default=State.DRAFT)
    written_by = models.CharField("作成", max_length=40)
    written_at = models.DateTimeField("作成日時", db_default=Now())
    decided_by = models.CharField("承認", max_length=40, blank=True, default="", db_default="")
    decided_at = models.DateTimeField("承認日時", null=True)
    remark = models.CharField("差戻しの理由", max_length=200, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "お知らせ・ページの版"
        ordering = ["article", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="features_version_once"),
            models.UniqueConstraint(
                fields=["article"], condition=Q(state__in=["draft", "proposed"]), name="features_one_open_version"
            ),
            models.CheckConstraint(
                name="features_version_ends_later", condition=Q(ends_at=None) | Q(ends_at__gt=F("publish_at"))
            ),
            # Four eyes: whatever readers see was approved, and by another than its writer.
            models.CheckConstraint(
                name="features_version_approved_by_another",
                condition=~Q(state="approved") | (~Q(decided_by="") & ~Q(decided_by=F("written_by"))),
            ),
        ]
        indexes = [
            models.Index(fields=["publish_at"], name="features_version_shown", condition=Q(state="approved")),
        ]


class FloorPlan(models.Model):
    """A floor of a library, drawn from its parts. Lengths are in squares of the plan (one is about 50 cm)."""

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="floor_plans", verbose_name="館")
    name = models.CharField("階・室の名", max_length=40)
    width = models.PositiveSmallIntegerField("幅")
    height = models.PositiveSmallIntegerField("奥行")
    order = models.PositiveSmallIntegerField("並び", default=0)
    note = models.CharField("案内", max_length=200, blank=True)

    class Meta:
        verbose_name = "館内図"
        ordering = ["branch", "order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "name"], name="features_plan_once"),
            models.CheckConstraint(
                name="features_plan_size", condition=Q(width__range=(4, 400)) & Q(height__range=(4, 400))
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlanPart(models.Model):
    """One thing drawn on a floor plan: a shelf, or what helps to find the way."""

    class Kind(models.TextChoices):
        SHELF = "shelf", "書架"
        DESK = "desk", "窓口"
        KIOSK = "kiosk", "検索機"
        SEATS = "seats", "座席"
        DOOR = "door", "出入口"
        STAIRS = "stairs", "階段"
        LIFT = "lift", "エレベーター"
        TOILET = "toilet", "トイレ"
        WALL = "wall", "壁"

    plan = models.ForeignKey(FloorPlan, on_delete=models.CASCADE, related_name="parts")
    kind = models.CharField("種類", max_length=6, choices=Kind, default=Kind.SHELF)
    name = models.CharField("名", max_length=20, blank=True)
    x = models.PositiveSmallIntegerField("左から")
    y = models.PositiveSmallIntegerField("上から")
    width = models.PositiveSmallIntegerField("幅")
    height = models.PositiveSmallIntegerField("奥行")
    words = models.CharField("場所の説明", max_length=100, blank=True)

    class Meta:
        verbose_name = "館内図の部分"
        ordering = ["plan", "y", "x", "pk"]
        constraints = [
            models.CheckConstraint(name="features_part_size", condition=Q(width__gte=1, height__gte=1)),
        ]


class ShelfRange(models.Model):
    """What stands on a shelf: the call numbers from one to another, of one location of the library or of any.

    A range without ends is the whole location. The keys sort as the call numbers do (app/features/rules.py).
    """

    part = models.ForeignKey(PlanPart, on_delete=models.CASCADE, related_name="ranges")
    location = models.CharField("所在", max_length=40, blank=True)
    call_from = models.CharField("請求記号 から", max_length=60, blank=True)
    call_to = models.CharField("請求記号 まで", max_length=60, blank=True)
    key_from = models.CharField(max_length=200, blank=True, db_collation="C")
    key_to = models.CharField(max_length=200, blank=True, db_collation="C")

    class Meta:
        verbose_name = "書架の範囲"
        ordering = ["part", "key_from"]
        constraints = [
            models.CheckConstraint(
                name="features_range_forward", condition=Q(key_to="") | Q(key_to__gte=F("key_from"))
            ),
            models.CheckConstraint(name="features_range_says_something", condition=~Q(location="") | ~Q(key_from="")),
        ]
