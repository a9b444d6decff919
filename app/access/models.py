"""Staff, roles and what roles may do."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now

from app.branches.models import Branch


class Role(models.Model):
    """A named set of operations, e.g. 管理者, 司書, 窓口."""

    code = models.SlugField("符号", max_length=30, unique=True)
    name = models.CharField("名称", max_length=40)
    order = models.PositiveSmallIntegerField("並び", default=0)

    class Meta:
        verbose_name = "役割"
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class RoleGrant(models.Model):
    """A role may perform an operation."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="grants")
    operation = models.CharField("操作", max_length=60)

    class Meta:
        verbose_name = "権限"
        constraints = [models.UniqueConstraint(fields=["role", "operation"], name="access_grant_once")]


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
        return user


class StaffUser(AbstractBaseUser):
    """One person who works with the system. Numbers are never shared and never used again."""

    number = models.CharField("職員番号", max_length=30, unique=True)
    name = models.CharField("氏名", max_length=60)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, null=True, blank=True, verbose_name="所属館")
    roles = models.ManyToManyField(Role, blank=True, verbose_name="役割")
    is_active = models.BooleanField("有効", default=True)
    valid_from = models.DateField("有効開始日", null=True, blank=True)
    valid_until = models.DateField("有効終了日", null=True, blank=True)

    USERNAME_FIELD = "number"
    REQUIRED_FIELDS = ["name"]
    objects = StaffManager()

    class Meta:
        verbose_name = "職員"
        ordering = ["number"]

    def __str__(self) -> str:
        return self.name


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
