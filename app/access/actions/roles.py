"""Roles and what they may do: seen and changed by administrators only."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from app.access.actions.permission import require
from app.access.actions.spans import note_grants, note_staff
from app.access.actor import Actor
from app.access.models import KnownOperation, Role, RoleGrant, Scope, SignInPolicy, StaffSpan, StaffUser
from app.access.operations import ADMIN, COUNTER, LIBRARIAN, declare, declared, find
from app.audit import actions as audit

VIEW_POWERS = declare("access.view_powers", "権限の一覧を見る", roles=(), kind="view")
EXPORT_POWERS = declare("access.export_powers", "権限の一覧を出力する", roles=(), kind="export")
MANAGE_ROLES = declare("access.manage_roles", "役割と権限を変える", roles=())

ROLES = ((ADMIN, "管理者", 1), (LIBRARIAN, "司書", 2), (COUNTER, "窓口", 3))
# What the administrators' role cannot lose: nobody could give it back.
KEPT_BY_ADMIN = frozenset({"access.home", "access.manage_roles", "access.manage_staff", "access.view_powers"})

Wanted = Mapping[str, tuple[str, tuple[int, ...]]]


@transaction.atomic
def set_grants(actor: Actor, role_code: str, wanted: Wanted) -> int:
    """Make a role's grants exactly these: operation → (scope, libraries); returns how many changed.

    NotPermitted; Role.DoesNotExist; ValidationError for an unknown operation, a chosen scope without a library, and
    for taking from the administrators what only they could give back.
    """
    require(actor, MANAGE_ROLES)
    role = Role.objects.select_for_update().get(code=role_code)
    for code, (scope, branches) in wanted.items():
        if find(code) is None or scope not in Scope.values:
            raise ValidationError(f"操作「{code}」はありません。")
        if (scope == Scope.CHOSEN) != bool(branches):
            raise ValidationError("「選んだ館」とした操作があります。館を1つ以上選んでください。")
    if role_code == ADMIN and any(wanted.get(code, ("", ()))[0] != Scope.ALL for code in KEPT_BY_ADMIN):
        raise ValidationError("管理者から、役割と職員を管理する権限を外すことはできません。")
    known = {operation.code for operation in declared()}
    RoleGrant.objects.filter(role=role, operation__in=known).exclude(operation__in=wanted.keys()).delete()
    RoleGrant.objects.bulk_create(
        [
            RoleGrant(role=role, operation=code, scope=scope, branches=list(branches))
            for code, (scope, branches) in wanted.items()
        ],
        update_conflicts=True,
        update_fields=["scope", "branches"],
        unique_fields=["role", "operation"],
    )
    changed = note_grants(role, actor.number)
    if changed:
        audit.record(actor, MANAGE_ROLES, subject_type="role", subject_id=role_code, detail={"changed": changed})
    return changed


@transaction.atomic
def put_role(
    actor: Actor, code: str, *, name: str, second_factor: bool, order: int = 50, like: str | None = None
) -> Role:
    """Create or change a role; `like` is the role whose grants a new one starts with. NotPermitted."""
    require(actor, MANAGE_ROLES)
    role, made = Role.objects.get_or_create(code=code, defaults={"name": name, "order": order})
    role.name, role.second_factor = name, second_factor
    role.save()
    if made and like:
        copied = RoleGrant.objects.filter(role__code=like)
        RoleGrant.objects.bulk_create(
            [RoleGrant(role=role, operation=one.operation, scope=one.scope, branches=one.branches) for one in copied]
        )
        note_grants(role, actor.number)
    detail: dict[str, Any] = {"name": name, "second_factor": second_factor, "new": made}
    audit.record(actor, MANAGE_ROLES, subject_type="role", subject_id=code, detail=detail)
    return role


def record_export(actor: Actor, count: int, purpose: str) -> None:
    """Check that the actor may export the list of powers, and log it with its purpose."""
    require(actor, EXPORT_POWERS)
    audit.record(actor, EXPORT_POWERS, purpose=purpose, detail={"rows": count})


@transaction.atomic
def seed_roles() -> None:
    """The three roles, the first grants of operations never seen before, and the history of what has none. A new
    library's administrators need a second factor. Idempotent."""
    for code, name, order in ROLES:
        Role.objects.get_or_create(code=code, defaults={"name": name, "order": order, "second_factor": code == ADMIN})
    SignInPolicy.objects.get_or_create(pk=1)
    roles = {role.code: role for role in Role.objects.select_for_update().order_by("pk")}
    known = set(KnownOperation.objects.values_list("code", flat=True))
    fresh = [operation for operation in declared() if operation.code not in known]
    grants = [RoleGrant(role=roles[code], operation=operation.code) for operation in fresh for code in operation.roles]
    RoleGrant.objects.bulk_create(grants, ignore_conflicts=True)
    KnownOperation.objects.bulk_create([KnownOperation(code=operation.code) for operation in fresh])
    now = timezone.now()
    for role in roles.values():
        note_grants(role, "", now)
    for user in StaffUser.objects.exclude(pk__in=StaffSpan.objects.values("staff")):
        note_staff(user, "", now)


def after_migrate(sender: Any, using: str, **_: Any) -> None:
    """`post_migrate`: a new release's operations reach their roles without anybody remembering it."""
    if using == "default":
        seed_roles()
