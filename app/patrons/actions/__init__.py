"""Writes to the register of patrons. One transaction a function, permission and audit inside."""

from app.patrons.actions.applying import accept_application, apply, forget_applications
from app.patrons.actions.cards import add_card, note_stopped_card, replace_card, report_lost
from app.patrons.actions.families import join_family, leave_family
from app.patrons.actions.leaving import erase, erase_due, withdraw, withdraw_unused
from app.patrons.actions.operations import (
    CHANGE,
    DISCLOSE,
    IMPORT,
    ISSUE_PASSWORD,
    REGISTER,
    SEE_ALL,
    SETTINGS,
    STOP,
    UNMASK,
    VIEW,
    WITHDRAW,
)
from app.patrons.actions.own import choose_contact, take_mail
from app.patrons.actions.passwords import (
    change_own_password,
    choose_password,
    issue_password,
    release_sign_in,
    set_password,
    sign_in,
    sign_out,
)
from app.patrons.actions.places import load_postcodes
from app.patrons.actions.registering import Registration, change, editable, import_register, register
from app.patrons.actions.settings import after_migrate, put_category, put_policy, seed_categories
from app.patrons.actions.standing import (
    add_note,
    finish_note,
    lift_stop,
    note_post_returned,
    note_use,
    record_disclosure,
    record_unmasking,
    renew,
    settle_stops,
    stop,
)
from app.patrons.actions.yearly import change_categories

__all__ = [
    "CHANGE",
    "DISCLOSE",
    "IMPORT",
    "ISSUE_PASSWORD",
    "REGISTER",
    "SEE_ALL",
    "SETTINGS",
    "STOP",
    "UNMASK",
    "VIEW",
    "WITHDRAW",
    "Registration",
    "accept_application",
    "add_card",
    "add_note",
    "after_migrate",
    "apply",
    "change",
    "change_categories",
    "change_own_password",
    "choose_contact",
    "choose_password",
    "editable",
    "erase",
    "erase_due",
    "finish_note",
    "forget_applications",
    "import_register",
    "issue_password",
    "join_family",
    "leave_family",
    "lift_stop",
    "load_postcodes",
    "note_post_returned",
    "note_stopped_card",
    "note_use",
    "put_category",
    "put_policy",
    "record_disclosure",
    "record_unmasking",
    "register",
    "release_sign_in",
    "renew",
    "replace_card",
    "report_lost",
    "seed_categories",
    "set_password",
    "settle_stops",
    "sign_in",
    "sign_out",
    "stop",
    "take_mail",
    "withdraw",
    "withdraw_unused",
]
