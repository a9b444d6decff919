"""What the database roles may do. Runs after every migrate, as the schema's owner."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

APPLICATION = "kura_app"
READER = "kura_read"
AUDIT_TABLE = "audit_auditevent"
# What the application may only add to.
APPEND_ONLY = (AUDIT_TABLE, "audit_auditseal")
# The only ways in which the application reaches the log's shape (migrations 0004 and 0006).
FUNCTIONS = ("audit_make_months(integer)", "audit_dispose(date)", "catalog_search_empty(text)")
# Everything stands in one of the two lists (a test compares them with the database): what the reader may see, holdings
# and figures without a person, and what it may not. A new table is private until somebody decides otherwise.
READABLE = frozenset(
    {
        "acquisitions_order",
        "acquisitions_receipt",
        "acquisitions_vendor",
        "authorities_authority",
        "authorities_form",
        "authorities_relation",
        "branches_branch",
        "branches_calendaryear",
        "branches_closedday",
        "branches_codeentry",
        "branches_dayhours",
        "branches_deliveryday",
        "branches_mobilecourse",
        "branches_mobileday",
        "branches_mobilestop",
        "catalog_bibliographicrecord",
        "catalog_callnumberrule",
        "catalog_cataloguepolicy",
        "catalog_contentspart",
        "catalog_item",
        "catalog_itemset",
        "catalog_numberrange",
        "circulation_itemtally",
        "circulation_loanstatistic",
        "holds_holdstatistic",
        "interlibrary_partner",
        "labels_colour",
        "labels_layout",
        "labels_tier",
        "office_plannedstop",
        "patrons_district",
        "patrons_patroncategory",
        "patrons_patronpolicy",
        "patrons_postcode",
        "regulations_regulation",
        "transfers_floating",
        "transfers_run",
        "transfers_transferstatistic",
    }
)
PRIVATE = frozenset(
    {
        "access_appointment",
        "access_failedsignin",
        "access_grantspan",
        "access_knownoperation",
        "access_pastpassword",
        "access_posting",
        "access_postingsheet",
        "access_recoverycode",
        "access_role",
        "access_rolegrant",
        "access_secondfactor",
        "access_signinpolicy",
        "access_staffspan",
        "access_staffuser",
        "access_staffuser_roles",
        "acquisitions_wished",
        "audit_auditalert",
        "audit_auditdisposal",
        "audit_auditevent",
        "audit_auditseal",
        "audit_sealcopy",
        "auth_group",
        "auth_group_permissions",
        "auth_permission",
        "branches_revision",
        "branches_wording",
        "calendars_redatedhold",
        "calendars_redatedloan",
        "calendars_redating",
        "calendars_redating_branches",
        "catalog_change",
        "catalog_changeset",
        "catalog_cover",
        "catalog_digitallink",
        "catalog_mergedrecord",
        "catalog_searchavailable",
        "catalog_searchdocument",
        "catalog_searchfaceta",
        "catalog_searchfacetb",
        "catalog_searchgone",
        "catalog_searchmoved",
        "catalog_searchnumbera",
        "catalog_searchnumberb",
        "catalog_searchpending",
        "catalog_searchpostinga",
        "catalog_searchpostingb",
        "catalog_searchstate",
        "circulation_counterpolicy",
        "circulation_handledtoday",
        "circulation_lastborrower",
        "circulation_loan",
        "circulation_undokey",
        "demo_finishedbatch",
        "django_content_type",
        "django_migrations",
        "django_session",
        "exchange_importfile",
        "exchange_importrun",
        "exchange_loadedpart",
        "exchange_setasiderecord",
        "exports_export",
        "exports_exportfile",
        "features_article",
        "features_articleversion",
        "features_floorplan",
        "features_listentry",
        "features_planpart",
        "features_policy",
        "features_populartitle",
        "features_shelfrange",
        "features_themelist",
        "holds_followed",
        "holds_hold",
        "holds_holdentry",
        "holds_holdset",
        "holds_holdsetting",
        "holds_missed",
        "holds_neighbour",
        "holds_purchaserequest",
        "holds_toclear",
        "holds_touched",
        "interlibrary_borrowing",
        "jobs_jobrun",
        "mypage_familyshare",
        "mypage_favourite",
        "mypage_mailchange",
        "mypage_passwordreset",
        "mypage_reading",
        "mypage_readingyear",
        "mypage_resetask",
        "mypage_seat",
        "mypage_seatbooking",
        "mypage_watch",
        "labels_numberrun",
        "notices_badaddress",
        "notices_batch",
        "notices_call",
        "notices_kindwish",
        "notices_line",
        "notices_means",
        "notices_notice",
        "notices_policy",
        "notices_stop",
        "notices_wish",
        "notices_wording",
        "patrons_application",
        "patrons_erasure",
        "patrons_family",
        "office_check",
        "office_maintenancewindow",
        "office_manualrevision",
        "office_messageread",
        "office_staffmessage",
        "office_staffmessage_branches",
        "office_staffmessage_roles",
        "patrons_patron",
        "patrons_patroncard",
        "patrons_patronchange",
        "patrons_patronnote",
        "patrons_patronstop",
        "reference_application",
        "reference_event",
        "reference_question",
        "reference_receipts",
        "terminals_countersetting",
        "terminals_guidenote",
        "terminals_listpreference",
        "terminals_offlinerecord",
        "terminals_terminal",
        "transfers_relocation",
        "transfers_stackrequest",
        "transfers_transfer",
        "transfers_transfersetting",
    }
)


def statements(
    roles: set[str], tables: Iterable[str] = READABLE, partitions: Iterable[str] = (), schema: str = "public"
) -> list[str]:
    """The GRANT and REVOKE statements for those of our roles that exist. Pure; idempotent when executed.

    `tables` are those that exist: of them the reader gets what is READABLE and loses everything else it ever had.
    `partitions` belong to one of them, through which alone they are reached.
    """
    made: list[str] = []
    if APPLICATION in roles:
        made += [
            f"GRANT USAGE ON SCHEMA {schema} TO {APPLICATION}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {APPLICATION}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {APPLICATION}",
            *(f"REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.{table} FROM {APPLICATION}" for table in APPEND_ONLY),
            *(f"REVOKE ALL ON {schema}.{table} FROM {APPLICATION}" for table in sorted(partitions)),
            *(f"GRANT EXECUTE ON FUNCTION {schema}.{function} TO {APPLICATION}" for function in FUNCTIONS),
            f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.django_migrations FROM {APPLICATION}",
        ]
    if READER in roles:
        made += [
            f"GRANT USAGE ON SCHEMA {schema} TO {READER}",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {READER}",
            f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {READER}",
        ]
        made += [f"GRANT SELECT ON {schema}.{table} TO {READER}" for table in sorted(READABLE.intersection(tables))]
    return made


def tables_of(cursor: Any) -> tuple[set[str], set[str]]:
    """The schema's tables, and apart from them the partitions. One SQL statement."""
    cursor.execute(
        "SELECT relname, relispartition FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    )
    rows = cursor.fetchall()
    return {name for name, part in rows if not part}, {name for name, part in rows if part}


def grant() -> int:
    """Execute the statements as the current database user, who must own the tables; returns how many ran."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[APPLICATION, READER]])
        roles = {row[0] for row in cursor.fetchall()}
        made = statements(roles, *tables_of(cursor))
        for statement in made:
            cursor.execute(statement)
    return len(made)


def after_migrate(sender: Any, using: str, **_: Any) -> None:
    """`post_migrate`: new tables get their privileges in the same run that made them."""
    if connection.vendor == "postgresql" and using == connection.alias:
        grant()
