"""The writes of this area, by subject. What other areas call is named here."""

from app.access.actions.passwords import SET_POLICY, change_own_password, put_password, set_own_pin, set_policy
from app.access.actions.permission import NotPermitted, require
from app.access.actions.postings import POST_STAFF
from app.access.actions.roles import (
    EXPORT_POWERS,
    MANAGE_ROLES,
    VIEW_POWERS,
    after_migrate,
    put_role,
    seed_roles,
    set_grants,
)
from app.access.actions.signing import (
    REFUSED,
    SignInRefused,
    clear_failures,
    forget_old_failures,
    note_failure,
    refuse,
    sign_in_staff,
    sign_out_staff,
)
from app.access.actions.staff import MANAGE_STAFF, PRINT_STAFF, VIEW_STAFF, put_staff
from app.access.actions.switching import switch_operator
from app.access.operations import declare

HOME = declare("access.home", "業務メニューを開く", kind="view")

__all__ = [
    "EXPORT_POWERS",
    "HOME",
    "MANAGE_ROLES",
    "MANAGE_STAFF",
    "POST_STAFF",
    "PRINT_STAFF",
    "REFUSED",
    "SET_POLICY",
    "VIEW_POWERS",
    "VIEW_STAFF",
    "NotPermitted",
    "SignInRefused",
    "after_migrate",
    "change_own_password",
    "clear_failures",
    "forget_old_failures",
    "note_failure",
    "put_password",
    "put_role",
    "put_staff",
    "refuse",
    "require",
    "seed_roles",
    "set_grants",
    "set_own_pin",
    "set_policy",
    "sign_in_staff",
    "sign_out_staff",
    "switch_operator",
]
