"""What stands at a counter: the terminal with its paper and sounds, a library's own words and keys, and what each
member of staff wants lists to look like. No row says anything about a patron."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from app.access.models import StaffUser
from app.branches.models import Branch
from app.web.sealed import SealedTextField


class Terminal(models.Model):
    """One working place, known by its address: where it stands, what it prints on, how it sounds, when it locks."""

    class Kind(models.TextChoices):
        COUNTER = "counter", "窓口"
        OFFICE = "office", "事務室"
        MOBILE = "mobile", "移動図書館"

    class Receipt(models.TextChoices):
        NARROW = "58mm", "レシート 58mm"
        WIDE = "80mm", "レシート 80mm"
        A4 = "a4", "A4"

    class Sheet(models.TextChoices):
        PORTRAIT = "a4", "A4 縦"
        LANDSCAPE = "a4-landscape", "A4 横"

    name = models.CharField("端末名", max_length=40, help_text="窓口の名前など。館の中で重ならないように付けます")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="terminals", verbose_name="館")
    address = models.GenericIPAddressField(
        "アドレス",
        null=True,
        blank=True,
        unique=True,
        help_text="端末のIPアドレス。入替えのときは書き替えるだけです",
    )
    kind = models.CharField("用途", max_length=10, choices=Kind, default=Kind.COUNTER)
    receipt_paper = models.CharField("レシート・票の用紙", max_length=12, choices=Receipt, default=Receipt.WIDE)
    receipt_printer = models.CharField("レシートプリンタ", max_length=60, blank=True, default="")
    list_paper = models.CharField("一覧の用紙", max_length=12, choices=Sheet, default=Sheet.PORTRAIT)
    list_printer = models.CharField("一覧のプリンタ", max_length=60, blank=True, default="")
    auto_print = models.BooleanField("自動で印刷する", default=True)
    confirm_print = models.BooleanField("印刷の前に確かめる", default=False)
    sound = models.BooleanField("音を鳴らす", default=True)
    volume = models.PositiveSmallIntegerField("音量(0–100)", default=60)
    lock_minutes = models.PositiveSmallIntegerField("離席保護まで(分)", default=10)

    class Meta:
        verbose_name = "端末"
        ordering = ["branch__number", "name"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "name"], name="terminals_name_once"),
            models.CheckConstraint(name="terminals_volume", condition=models.Q(volume__lte=100)),
            models.CheckConstraint(
                name="terminals_lock", condition=models.Q(lock_minutes__gte=1) & models.Q(lock_minutes__lte=240)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CounterSetting(models.Model):
    """What one library decides for all its terminals: the words on its receipts, and which key opens what."""

    branch = models.OneToOneField(Branch, on_delete=models.CASCADE, related_name="counter_setting", verbose_name="館")
    receipt_message = models.CharField("レシートに載せる知らせ", max_length=200, blank=True, default="")
    receipt_name = models.BooleanField("レシートに氏名を載せる", default=False)
    keys = models.JSONField("キー割当", default=dict, blank=True)
    """Name of a page or command → key, e.g. {"circulation:lend": "F3"}; what is not named keeps its usual key."""

    class Meta:
        verbose_name = "館の窓口設定"


class ListPreference(models.Model):
    """How one member of staff wants one list: rows on a page, order, columns."""

    staff = models.ForeignKey(StaffUser, on_delete=models.CASCADE, related_name="+")
    screen = models.CharField(max_length=60)
    size = models.PositiveSmallIntegerField()
    sort = models.CharField(max_length=40)
    columns = ArrayField(models.CharField(max_length=40))

    class Meta:
        verbose_name = "一覧の表示"
        constraints = [models.UniqueConstraint(fields=["staff", "screen"], name="terminals_preference_once")]


class GuideNote(models.Model):
    """A library's own addition to the guide of one page; without branch it stands in every library."""

    page = models.CharField("画面", max_length=60)
    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, null=True, blank=True, verbose_name="館")
    text = models.TextField("館からの追記", max_length=2000)
    updated_at = models.DateTimeField("更新", db_default=Now())

    class Meta:
        verbose_name = "手引きの追記"
        constraints = [
            models.UniqueConstraint(fields=["page", "branch"], name="terminals_note_once", nulls_distinct=False)
        ]


class OfflineRecord(models.Model):
    """One loan or return that a terminal recorded while the line was cut, once it was handed in.

    The key comes from the terminal, so handing in twice changes nothing. Of what went well only the key and the day
    stay. A contradiction keeps what was read, sealed, until somebody has settled it; then that goes too.
    """

    id = models.UUIDField(primary_key=True)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="館")
    on_date = models.DateField("取込日")
    code = models.CharField("結果", max_length=30)
    problem = models.CharField("矛盾", max_length=200, blank=True, default="")
    content = SealedTextField("読み取った内容", null=True, blank=True)
    settled_by = models.CharField("処理した職員", max_length=40, blank=True, default="")
    settled_on = models.DateField("処理日", null=True, blank=True)

    class Meta:
        verbose_name = "オフラインの記録"
        indexes = [
            models.Index(
                fields=["branch", "on_date"],
                condition=~models.Q(problem="") & models.Q(settled_on=None),
                name="terminals_offline_open",
            )
        ]
        constraints = [
            # Nothing that was settled, or went well, says what was read.
            models.CheckConstraint(
                name="terminals_offline_forgotten",
                condition=models.Q(content__isnull=True) | (~models.Q(problem="") & models.Q(settled_on=None)),
            )
        ]
