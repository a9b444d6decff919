"""The database as the application host meets it: only over TLS, only as far as each role may go."""

from __future__ import annotations

import json

import pytest

CONNECT = """
import json, sys
import psycopg
told = json.loads(sys.stdin.readline())
try:
    with psycopg.connect(**told["connection"]) as session:
        for sql in told["sql"]:
            found = session.execute(sql)
        print(json.dumps(found.fetchall() if found.description else [], default=str))
        session.rollback()
except psycopg.Error as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""

AUDIT_ROW = """
INSERT INTO audit_auditevent
    (actor_kind, actor, operation, outcome, subject_type, subject_id, purpose, request_id, detail)
VALUES ('system', 'test', 'test', 'done', '', '', '', '', '{}')
"""


@pytest.fixture(scope="module")
def ask(twin):
    """Run statements from the application host as a database role, in a transaction that is rolled back."""
    server = twin.site.fqdn(twin.site.service("database").row.names[0])

    def run(role, *sql, **options):
        connection = {
            "host": server,
            "dbname": "kura",
            "user": role,
            "password": twin.secret(f"postgresql_{role}"),
            "sslmode": "verify-full",
            "sslrootcert": "/etc/kura/tls/ca.crt",
            "connect_timeout": 10,
            **options,
        }
        told = json.dumps({"connection": connection, "sql": sql})
        # The program travels as an argument, the password through standard input: no process list shows it.
        return twin.run("app1", f"/opt/kura/current/venv/bin/python -c '{CONNECT}'", stdin=told + "\n")

    return run


def test_the_application_reaches_the_database_over_tls_with_a_verified_name(ask):
    done = ask("kura_app", "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    assert done.ok, done.stdout
    [[encrypted, version]] = json.loads(done.stdout)
    assert encrypted is True
    assert version in ("TLSv1.2", "TLSv1.3")


def test_the_right_password_without_tls_is_refused(ask):
    done = ask("kura_app", "SELECT 1", sslmode="disable")
    assert not done.ok
    assert "no encryption" in done.stdout


def test_a_wrong_password_is_refused(ask):
    done = ask("kura_app", "SELECT 1", password="wrong")
    assert not done.ok
    assert "password authentication failed" in done.stdout


def test_a_server_under_another_name_is_not_believed(ask, twin):
    server = twin.site.host("db1")
    done = ask("kura_app", "SELECT 1", host=str(server.management), hostaddr=str(server.address))
    assert not done.ok
    assert "does not match host name" in done.stdout


def test_the_superuser_cannot_come_over_the_network(ask):
    done = ask("kura_app", "SELECT 1", user="postgres")
    assert not done.ok
    assert "no pg_hba.conf entry" in done.stdout


def test_tls_before_1_2_is_refused(twin):
    ask = "echo | openssl s_client -starttls postgres -connect {0}:5432 -cipher 'DEFAULT@SECLEVEL=0' {1} -brief 2>&1"
    address = twin.site.host("db1").address
    assert "Protocol version: TLSv1.2" in twin.run("app1", ask.format(address, "-tls1_2")).stdout
    assert "Protocol version" not in twin.run("app1", ask.format(address, "-tls1_1")).stdout


def test_passwords_are_stored_as_scram_verifiers(twin):
    kept = "rolpassword LIKE 'SCRAM-SHA-256$%'"
    sql = f"SELECT rolname, {kept}, rolsuper FROM pg_authid WHERE rolname ~ '^kura_' ORDER BY 1"
    done = twin.run("db1", "psql -U postgres -h /run/postgresql -AtF ' ' -f -", stdin=sql + ";\n")
    wanted = ["kura_app t f", "kura_archive t f", "kura_owner t f", "kura_read t f"]
    assert done.stdout.split("\n")[: len(wanted)] == wanted, done.stdout


def test_what_is_stored_survives_and_is_checked(twin):
    names = ["data_checksums", "fsync", "full_page_writes", "synchronous_commit"]
    sql = "".join(f"SHOW {name};\n" for name in names)
    assert twin.run("db1", "psql -U postgres -h /run/postgresql -At -f -", stdin=sql).stdout.split() == ["on"] * 4


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE smuggled (id int)",
        "ALTER TABLE patrons_patron ADD COLUMN smuggled int",
        "DROP TABLE audit_auditevent",
        "TRUNCATE circulation_loan",
        "CREATE ROLE smuggled",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_the_application_changes_rows_but_never_the_schema(ask, sql):
    done = ask("kura_app", sql)
    assert not done.ok
    assert "InsufficientPrivilege" in done.stdout


def test_the_application_adds_to_the_audit_log(ask):
    done = ask("kura_app", AUDIT_ROW)
    assert done.ok, done.stdout


@pytest.mark.parametrize("sql", ["UPDATE audit_auditevent SET actor = 'nobody'", "DELETE FROM audit_auditevent"])
def test_the_application_cannot_change_the_audit_log(ask, sql):
    done = ask("kura_app", AUDIT_ROW, sql)
    assert not done.ok
    assert "permission denied for table" in done.stdout


@pytest.mark.parametrize(
    "sql",
    ["UPDATE audit_auditevent SET actor = 'nobody'", "DELETE FROM audit_auditevent", "TRUNCATE audit_auditevent"],
)
def test_not_even_the_schemas_owner_changes_the_audit_log(ask, sql):
    done = ask("kura_owner", AUDIT_ROW, sql)
    assert not done.ok, "a row of the audit log was changed"
    assert "append-only" in done.stdout


def test_the_reader_reads_and_cannot_write(twin):
    sql = f"SELECT 'in';\n{AUDIT_ROW};\n"
    done = twin.run("db1", "psql -U kura_read -h /run/postgresql -d kura -At -f -", stdin=sql)
    assert done.stdout.startswith("in\n"), done.stdout
    assert "permission denied" in done.stdout


def test_the_reader_sees_holdings_and_never_a_person(twin):
    holdings = "SELECT 'holdings' FROM (SELECT count(*) FROM catalog_item) AS counted;\n"
    persons = ["patrons_patron", "circulation_loan", "circulation_handledtoday", "access_staffuser", "audit_auditevent"]
    sql = holdings + "".join(f"SELECT count(*) FROM {table};\n" for table in [*persons, "django_session"])
    done = twin.run("db1", "psql -U kura_read -h /run/postgresql -d kura -At -f -", stdin=sql)
    assert "holdings\n" in done.stdout, done.stdout
    for table in [*persons, "django_session"]:
        assert f"permission denied for table {table}" in done.stdout, done.stdout
