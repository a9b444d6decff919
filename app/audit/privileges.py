"""What the database roles may do. Runs after every migrate, as the schema's owner."""

from typing import Any

from django.db import connection, transaction

APPLICATION = "kura_app"
READER = "kura_read"
AUDIT_TABLE = "audit_auditevent"


def statements(roles: set[str], schema: str = "public") -> list[str]:
    """The GRANT and REVOKE statements for those of our roles that exist. Pure; idempotent when executed."""
    made: list[str] = []
    if APPLICATION in roles:
        made += [
            f"GRANT USAGE ON SCHEMA {schema} TO {APPLICATION}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {APPLICATION}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {APPLICATION}",
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.{AUDIT_TABLE} FROM {APPLICATION}",
            f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.django_migrations FROM {APPLICATION}",
        ]
    if READER in roles:
        made += [
            f"GRANT USAGE ON SCHEMA {schema} TO {READER}",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {READER}",
        ]
    return made


def grant() -> int:
    """Execute the statements as the current database user, who must own the tables; returns how many ran."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[APPLICATION, READER]])
        roles = {row[0] for row in cursor.fetchall()}
        made = statements(roles)
        for statement in made:
            cursor.execute(statement)
    return len(made)


def after_migrate(sender: Any, using: str, **_: Any) -> None:
    """`post_migrate`: new tables get their privileges in the same run that made them."""
    if connection.vendor == "postgresql" and using == connection.alias:
        grant()
