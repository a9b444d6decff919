"""Staff, roles, what roles may do and where, postings, and how people prove who they are.

What was so in the past stands in `StaffSpan` and `GrantSpan`: a row for each time something was as it says. They answer
who could do what on a day, and no answer needs the log.
"""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from app.branches.models import Branch
from app.web.sealed import SealedTextField


class Scope(models.TextChoices):
    """Where a grant holds."""

    ALL = "all", "全館"
    OWN = "own", "所属館"
    CHOSEN = "chosen", "選んだ館"


class Role(models.Model):
    """A named set of operations, e.g. 管理者, 司書, 窓口."""

    code = models.SlugField("符号", max_length=30, unique=True)
    name = models.CharField("名称", max_length=40)
    order = models.PositiveSmallIntegerField("並び", default=0)
    second_factor = models.BooleanField("二要素認証を必須にする", default=False)

    class Meta:
        verbose_name = "役割"
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class RoleGrant(models.Model):
    """A role may perform an operation: everywhere, at its holder's library, or at the libraries in `branches`."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="grants")
    operation = models.CharField("操作", max_length=60)
    scope = models.CharField("範囲", max_length=6, choices=Scope.choices, default=Scope.ALL)
    branches = ArrayField(models.BigIntegerField(), verbose_name="館", default=list, blank=True)

    class Meta:
        verbose_name = "権限"
        constraints = [
            models.UniqueConstraint(fields=["role", "operation"], name="access_grant_once"),
            models.CheckConstraint(
                name="access_grant_branches_when_chosen",
                condition=models.Q(scope="chosen", branches__len__gt=0)
                | (~models.Q(scope="chosen") & models.Q(branches__len=0)),
            ),
        ]


class KnownOperation(models.Model):
    """Operations whose first grants were made: a grant the administrator takes away stays away."""

    code = models.CharField(max_length=60, primary_key=True)


class StaffManager(BaseUserManager["StaffUser"]):
    """Creates members of staff (tests and access.actions use it)."""

    def create_user(
        self, number: str, password: str | None = None, *, roles: tuple[str, ...] = (), **fields: Any
    ) -> "StaffUser":
        """A member of staff with these role codes; Role.DoesNotExist when a role is unknown."""
        user = self.model(number=number, **{"name": number, **fields})
        user.set_password(password)
        user.save(using=self._db)
        user.roles.set([Role.objects.get(code=code) for code in roles])
        StaffSpan.objects.create(staff=user, since=timezone.now(), **user.facts())
        return user


class StaffUser(AbstractBaseUser):
    """One person who works with the system. Numbers are never shared and never used again: rows never leave."""

    number = models.CharField("職員番号", max_length=30, unique=True)
    name = models.CharField("氏名", max_length=60)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, null=True, blank=True, verbose_name="所属館")
    roles = models.ManyToManyField(Role, blank=True, verbose_name="役割")
    is_active = models.BooleanField("有効", default=True)
    valid_from = models.DateField("有効開始日", null=True, blank=True)
    valid_until = models.DateField("有効終了日", null=True, blank=True)
    card = models.CharField("職員証番号", max_length=20, unique=True, null=True, blank=True)
    pin = models.CharField("暗証番号の照合値", max_length=128, blank=True, default="")
    must_change = models.BooleanField("次回サインイン時にパスワードを変える", default=False)
    password_set_at = models.DateTimeField("パスワードを決めた日時", null=True, blank=True)

    USERNAME_FIELD = "number"
    REQUIRED_FIELDS = ["name"]
    objects = StaffManager()

    class Meta:
        verbose_name = "職員"
        ordering = ["number"]

    def __str__(self) -> str:
        return self.name

    def facts(self) -> dict[str, Any]:
        """What a span of history says of this person. One SQL statement (the roles)."""
        return {
            "name": self.name,
            "branch_id": self.branch_id,
            "roles": sorted(self.roles.values_list("code", flat=True)),
            "is_active": self.is_active,
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
        }


class Appointment(models.Model):
    """A further role for a time (兼務・応援): it begins and ends by itself. `branch` is its library; without one it
    is the person's own."""

    staff = models.ForeignKey(StaffUser, on_delete=models.PROTECT, related_name="appointments")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="appointments", verbose_name="役割")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, null=True, blank=True, verbose_name="館")
    since = models.DateField("開始日")
    until = models.DateField("終了日")
    made_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField("取消", null=True, blank=True)

    class Meta:
        verbose_name = "期間付きの任用"
        ordering = ["-since", "pk"]
        constraints = [
            models.CheckConstraint(
                name="access_appointment_ends_after_it_begins", condition=models.Q(until__gte=models.F("since"))
            ),
        ]


class StaffSpan(models.Model):
    """What was so of one person from `since` on and before `until`; the open span is the present."""

    staff = models.ForeignKey(StaffUser, on_delete=models.PROTECT, related_name="spans")
    name = models.CharField(max_length=60)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, null=True)
    roles = ArrayField(models.CharField(max_length=30))
    is_active = models.BooleanField()
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    by = models.CharField("変えた職員", max_length=40, blank=True)

    class Meta:
        verbose_name = "職員の履歴"
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["staff"], condition=models.Q(until__isnull=True), name="access_one_present_of_staff"
            ),
        ]


class GrantSpan(models.Model):
    """One grant of one role from `since` on and before `until`. Roles and operations by code: both may go."""

    role = models.CharField(max_length=30)
    operation = models.CharField(max_length=60)
    scope = models.CharField(max_length=6, choices=Scope.choices)
    branches = ArrayField(models.BigIntegerField(), default=list)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    by = models.CharField("変えた職員", max_length=40, blank=True)

    class Meta:
        verbose_name = "権限の履歴"
        ordering = ["-since", "role", "operation"]
        constraints = [
            models.UniqueConstraint(
                fields=["role", "operation"], condition=models.Q(until__isnull=True), name="access_one_present_of_grant"
            ),
        ]


class PostingSheet(models.Model):
    """One table of postings (人事異動) that takes effect at 00:00 of a day."""

    class State(models.TextChoices):
        PLANNED = "planned", "発令待ち"
        APPLIED = "applied", "発令済み"
        FAILED = "failed", "発令できず"
        WITHDRAWN = "withdrawn", "取消"

    title = models.CharField("件名", max_length=60)
    effective_on = models.DateField("発令日")
    state = models.CharField("状態", max_length=10, choices=State.choices, default=State.PLANNED)
    made_by = models.CharField("登録した職員", max_length=40)
    made_at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True)
    fault = models.TextField(blank=True)

    class Meta:
        verbose_name = "人事異動"
        ordering = ["-effective_on", "-pk"]


class Posting(models.Model):
    """One line: from the day on, this person's library and roles are these."""

    sheet = models.ForeignKey(PostingSheet, on_delete=models.CASCADE, related_name="lines")
    staff = models.ForeignKey(StaffUser, on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+")
    roles = ArrayField(models.CharField(max_length=30))
    valid_until = models.DateField("有効終了日", null=True)

    class Meta:
        verbose_name = "異動"
        constraints = [models.UniqueConstraint(fields=["sheet", "staff"], name="access_posting_once")]


class SignInPolicy(models.Model):
    """How people prove who they are: one row."""

    min_length = models.PositiveSmallIntegerField("パスワードの最小文字数", default=12)
    remember = models.PositiveSmallIntegerField("再び使えない過去のパスワードの数", default=5)
    max_age_days = models.PositiveSmallIntegerField("パスワードの有効日数（0は無期限）", default=0)
    max_failures = models.PositiveSmallIntegerField("停止するまでの失敗回数", default=5)
    lock_minutes = models.PositiveSmallIntegerField("停止する時間（分）", default=15)
    pin_length = models.PositiveSmallIntegerField("暗証番号の最小桁数", default=4)
    pin_hours = models.PositiveSmallIntegerField("本認証の後、暗証番号で交替できる時間", default=12)

    class Meta:
        verbose_name = "認証の方針"
        constraints = [
            models.CheckConstraint(name="access_policy_one_row", condition=models.Q(pk=1)),
            models.CheckConstraint(
                name="access_policy_no_weaker_than_sense",
                condition=models.Q(
                    min_length__gte=12, max_failures__range=(1, 10), lock_minutes__gte=5, pin_length__range=(4, 8)
                ),
                violation_error_message="パスワードは12文字以上、失敗は1〜10回、停止は5分以上、暗証番号は4〜8桁の範囲にしてください。",
            ),
        ]


class PastPassword(models.Model):
    """The hash of a password somebody had, so that it is not taken again."""

    staff = models.ForeignKey(StaffUser, on_delete=models.CASCADE, related_name="+")
    password = models.CharField(max_length=128)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]


class SecondFactor(models.Model):
    """Somebody's authenticator (TOTP, RFC 6238). Not in force before `confirmed_at`; no code is taken twice."""

    staff = models.OneToOneField(StaffUser, on_delete=models.CASCADE, related_name="second")
    key = SealedTextField(context="access.secondfactor.key")
    confirmed_at = models.DateTimeField(null=True)
    last_t = models.BigIntegerField(default=-1)
    drift = models.SmallIntegerField(default=0)


class RecoveryCode(models.Model):
    """A code on paper for who lost the authenticator; stored as a keyed hash, good once."""

    staff = models.ForeignKey(StaffUser, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=16)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff", "digest"], name="access_recovery_once")]


class FailedSignIn(models.Model):
    """A miss at sign-in, by realm (`staff`, `patron`) and the identifier that was tried."""

    realm = models.CharField(max_length=10)
    subject = models.CharField(max_length=64)
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "サインイン失敗"
        indexes = [
            models.Index(fields=["realm", "subject", "at"], name="access_failed_subject"),
            models.Index(fields=["address", "at"], name="access_failed_address"),
        ]
