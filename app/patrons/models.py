"""The register. What tells who somebody is, is sealed (app.web.sealed) and found by keyed hashes (`keys`)."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from app.branches.models import Branch
from app.patrons.keys import KeysField
from app.web.sealed import SealedDateField, SealedJSONField, SealedTextField


class PatronCategory(models.Model):
    """利用者区分: a row of the code table that loan rules and statistics refer to."""

    code = models.SlugField("符号", max_length=20, unique=True)
    name = models.CharField("名称", max_length=40)
    validity_years = models.PositiveSmallIntegerField("有効年数", default=3)
    is_group = models.BooleanField("団体", default=False)
    may_hold = models.BooleanField("予約できる", default=True, db_default=True)
    may_ill = models.BooleanField("相互貸借を申し込める", default=True, db_default=True)
    # Full years on 1 April by the school law's count; both ends belong to it. Without them nobody moves by age.
    age_from = models.PositiveSmallIntegerField("年齢（4月1日現在）から", null=True, blank=True)
    age_until = models.PositiveSmallIntegerField("年齢（4月1日現在）まで", null=True, blank=True)
    order = models.PositiveSmallIntegerField("並び", default=0)

    class Meta:
        verbose_name = "利用者区分"
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class PatronPolicy(models.Model):
    """The register's terms: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    expiry_notice_days = models.PositiveSmallIntegerField("有効期限を案内する日数（期限前）", default=30)
    unused_years = models.PositiveSmallIntegerField("長期未利用とする年数", default=5)
    erase_after_days = models.PositiveSmallIntegerField("退会から消去までの日数", default=365)
    applications_days = models.PositiveSmallIntegerField("仮登録を残す日数", default=30)
    guardian_until_age = models.PositiveSmallIntegerField("「保護者様」を宛名に添える年齢（以下）", default=11)

    class Meta:
        verbose_name = "利用者登録の規程"
        constraints = [models.CheckConstraint(name="patrons_one_policy", condition=models.Q(id=1))]


class Family(models.Model):
    """People who agreed to be shown together; who they are says `Patron.family`."""

    made_on = models.DateField("登録日")

    class Meta:
        verbose_name = "家族"


class Patron(models.Model):
    """One person or group. The number on the card identifies it at the counter, `id` everywhere inside.

    `contacts` are all phones and mail addresses with their labels, `phone` and `email` the ones in use (empty contacts:
    there are no others); `contact_by` says how the library gets in touch. `card_number` is the card in use and one of
    the patron's own cards (a foreign key, migration 0004). The three `…stopped_until` say until when which use is
    stopped (PatronStop has the reasons), `noted_until` until when the counter has something to say (PatronNote);
    date.max is "until somebody ends it". So a scan asks nothing more of somebody of whom there is nothing to say.
    """

    class Residence(models.TextChoices):
        CITY = "city", "在住"
        WORK = "work", "在勤"
        SCHOOL = "school", "在学"
        WIDE = "wide", "広域"

    class ContactBy(models.TextChoices):
        MAIL = "mail", "メール"
        PHONE = "phone", "電話"
        POST = "post", "はがき"
        NONE = "none", "不要"

    class GroupKind(models.TextChoices):
        SCHOOL = "school", "学校"
        NURSERY = "nursery", "保育園・幼稚園"
        BUNKO = "bunko", "文庫"
        FACILITY = "facility", "施設"
        OTHER = "other", "その他"

    card_number = models.CharField("利用券番号", max_length=20, unique=True)
    name = SealedTextField("氏名")
    kana = SealedTextField("カナ氏名")
    birth_date = SealedDateField("生年月日", blank=True, db_default=b"")
    category = models.ForeignKey(PatronCategory, on_delete=models.PROTECT, verbose_name="利用者区分")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, verbose_name="登録館")
    residence = models.CharField(
        "在住・在勤・在学", max_length=6, choices=Residence, default=Residence.CITY, db_default=Residence.CITY
    )
    postal_code = SealedTextField("郵便番号", blank=True, db_default=b"")
    address = SealedTextField("住所", blank=True, db_default=b"")
    district = models.CharField("地区", max_length=12, blank=True, default="", db_default="")
    phone = SealedTextField("電話", blank=True, db_default=b"")
    email = SealedTextField("メール", blank=True, db_default=b"")
    contacts = SealedJSONField("連絡先", blank=True, db_default=b"")
    contact_by = models.CharField(
        "連絡方法", max_length=5, choices=ContactBy, default=ContactBy.PHONE, db_default=ContactBy.PHONE
    )
    guardian_name = SealedTextField("保護者氏名", blank=True, db_default=b"")
    guardian_phone = SealedTextField("保護者の電話", blank=True, db_default=b"")
    representative = SealedTextField("代表者", blank=True, db_default=b"")
    group_kind = models.CharField("団体の種別", max_length=8, choices=GroupKind, blank=True, default="", db_default="")
    family = models.ForeignKey(Family, on_delete=models.SET_NULL, null=True, blank=True, related_name="members")
    family_consent_on = models.DateField("家族の同意日", null=True, blank=True)
    registered_on = models.DateField("登録日")
    valid_until = models.DateField("有効期限", null=True, blank=True)
    address_confirmed_on = models.DateField("住所確認日", null=True, blank=True)
    post_returned_on = models.DateField("郵便返戻日", null=True, blank=True)
    last_used_on = models.DateField("最終利用日", null=True, blank=True)
    stopped_until = models.DateField("貸出停止終了日", null=True, blank=True)
    hold_stopped_until = models.DateField("予約停止終了日", null=True, blank=True)
    web_stopped_until = models.DateField("Web停止終了日", null=True, blank=True)
    noted_until = models.DateField("連絡事項の表示終了日", null=True, blank=True)
    withdrawn_on = models.DateField("退会日", null=True, blank=True)
    password = models.CharField("パスワード", max_length=200, blank=True, default="", db_default="")
    must_change_password = models.BooleanField(default=True, db_default=True)
    updated_at = models.DateTimeField(db_default=Now())
    keys = KeysField()

    class Meta:
        verbose_name = "利用者"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="patrons_card_digits", condition=models.Q(card_number__regex=r"^[0-9]{8,20}$")),
            models.CheckConstraint(
                name="patrons_family_by_consent",
                condition=models.Q(family__isnull=True) | models.Q(family_consent_on__isnull=False),
            ),
        ]
        indexes = [
            GinIndex(fields=["keys"], name="patrons_keys", fastupdate=False),
            models.Index(
                fields=["withdrawn_on"], name="patrons_withdrawn", condition=models.Q(withdrawn_on__isnull=False)
            ),
            models.Index(fields=["valid_until"], name="patrons_valid_until"),
        ]

    def __str__(self) -> str:
        return self.card_number


class PatronCard(models.Model):
    """Every identifier that ever opened somebody's page; the number of a card that is no longer live opens nothing.

    A row outlives its patron without name or link: a number is never given twice. `mynumber` is the number that the
    library wrote into the card's free area, never the individual number itself.
    """

    class Kind(models.TextChoices):
        CARD = "card", "利用券"
        SMARTPHONE = "phone", "スマートフォン"
        MYNUMBER = "mynumber", "マイナンバーカード"
        OTHER = "other", "その他"

    class State(models.TextChoices):
        LIVE = "live", "使用中"
        LOST = "lost", "紛失"
        REPLACED = "replaced", "旧券"
        RETIRED = "retired", "退会"

    number = models.CharField("番号", max_length=20, unique=True)
    patron = models.ForeignKey(Patron, on_delete=models.SET_NULL, null=True, related_name="cards")
    kind = models.CharField("券種", max_length=8, choices=Kind, default=Kind.CARD, db_default=Kind.CARD)
    state = models.CharField("状態", max_length=8, choices=State, default=State.LIVE, db_default=State.LIVE)
    since = models.DateField("状態の日付")

    class Meta:
        verbose_name = "利用券"
        ordering = ["-since", "-id"]
        constraints = [
            models.CheckConstraint(name="patrons_number_digits", condition=models.Q(number__regex=r"^[0-9]{8,20}$")),
            models.UniqueConstraint(fields=["patron", "number"], name="patrons_card_of_patron"),
        ]

    def __str__(self) -> str:
        return self.number


class PatronStop(models.Model):
    """Why somebody may not lend, hold or sign in, and until when. It ends by itself: after its day, and with
    `until_returned` as soon as the patron has nothing out any more (circulation/actions/stops.py)."""

    class Kind(models.TextChoices):
        LEND = "lend", "貸出"
        HOLD = "hold", "予約"
        WEB = "web", "Web"

    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="stops")
    kind = models.CharField("対象", max_length=4, choices=Kind)
    reason = SealedTextField("理由")
    since = models.DateField("開始日")
    until = models.DateField("終了日", null=True, blank=True)
    until_returned = models.BooleanField("全点返却で解く", default=False, db_default=False)
    lifted_on = models.DateField("解除日", null=True, blank=True)
    by = models.CharField("担当", max_length=40, blank=True)

    class Meta:
        verbose_name = "利用停止"
        ordering = ["-since", "-id"]


class PatronNote(models.Model):
    """What the counter is told when the card is read; the last day counts."""

    class Importance(models.IntegerChoices):
        LOW = 1, "参考"
        NORMAL = 2, "連絡"
        HIGH = 3, "重要"

    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="notes")
    text = SealedTextField("内容")
    importance = models.PositiveSmallIntegerField("重要度", choices=Importance, default=Importance.NORMAL)
    until = models.DateField("表示期限", null=True, blank=True)
    made_on = models.DateField("登録日")
    by = models.CharField("担当", max_length=40, blank=True)
    done_on = models.DateField("済", null=True, blank=True)

    class Meta:
        verbose_name = "連絡事項"
        ordering = ["-importance", "-id"]


class PatronChange(models.Model):
    """One change of a registration: which fields, from what to what. Goes with the patron when erased."""

    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField("日時", db_default=Now())
    by = models.CharField("担当", max_length=40)
    fields = SealedJSONField("変更")
    """[[field, before, after], …] as shown on the screen."""

    class Meta:
        verbose_name = "変更履歴"
        ordering = ["-at", "-id"]


class Application(models.Model):
    """A registration that somebody typed at home, waiting for the counter; erased when used or not used in time."""

    number = models.CharField("仮登録番号", max_length=8, unique=True)
    content = SealedJSONField("申込内容")
    made_at = models.DateTimeField(db_default=Now())
    expires_on = models.DateField("期限")
    origin = models.CharField(max_length=12, blank=True)
    """Keyed hash of the address it came from, to slow down whoever sends hundreds."""

    class Meta:
        verbose_name = "仮登録"
        indexes = [models.Index(fields=["origin", "made_at"], name="patrons_application_origin")]


class District(models.Model):
    """統計用地区: what the city counts its people by."""

    code = models.CharField("符号", max_length=12, primary_key=True)
    name = models.CharField("名称", max_length=40)

    class Meta:
        verbose_name = "地区"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Postcode(models.Model):
    """One town of one postal code, from a file in Japan Post's KEN_ALL format."""

    code = models.CharField("郵便番号", max_length=7)
    city_code = models.CharField("団体コード", max_length=5)
    prefecture = models.CharField("都道府県", max_length=10)
    city = models.CharField("市区町村", max_length=40)
    town = models.CharField("町域", max_length=100, blank=True)
    district = models.CharField("地区", max_length=12)
    source = models.CharField("出典", max_length=60)

    class Meta:
        verbose_name = "郵便番号"
        ordering = ["code", "town"]
        indexes = [
            models.Index(fields=["code"], name="patrons_postcode_code"),
            models.Index(fields=["town"], name="patrons_town"),
        ]


class Erasure(models.Model):
    """That somebody's data were erased, when, and how much of it. The number inside is all that is left of whom."""

    patron_id = models.BigIntegerField("利用者")
    withdrawn_on = models.DateField("退会日")
    erased_at = models.DateTimeField("消去日時", db_default=Now())
    rows = models.PositiveIntegerField("消去した行")
    by = models.CharField("担当", max_length=40)

    class Meta:
        verbose_name = "消去の記録"
        ordering = ["-erased_at"]
