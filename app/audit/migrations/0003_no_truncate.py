"""The log cannot be emptied at one stroke either; and the request's number is called what the error page calls it."""

from django.db import migrations, models

# Only a superuser of the server gets past: it could drop the trigger as well, and Django's test runner, which is one,
# empties all tables after a test of concurrency. No role of a deployed library is a superuser.
FORBID = """
CREATE FUNCTION audit_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
        RAISE EXCEPTION 'audit events are append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_no_truncate();
"""
ALLOW = """
DROP TRIGGER audit_no_truncate ON audit_auditevent;
DROP FUNCTION audit_no_truncate();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]
    operations = [
        migrations.RunSQL(FORBID, ALLOW),
        migrations.AlterField(
            model_name="auditevent",
            name="request_id",
            field=models.CharField(blank=True, max_length=64, verbose_name="受付番号"),
        ),
    ]
