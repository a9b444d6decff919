"""Seals only grow, like the events; and the one way in which events may end: after six years, asked for by one person
and approved by another, a whole sealed month at a time."""

from django.db import migrations

FORBID = """
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_auditseal
    FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_no_truncate();

-- A disposal that was done stays as it is.
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_auditdisposal
    FOR EACH ROW WHEN (OLD.done_at IS NOT NULL) EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_auditdisposal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_no_truncate();

CREATE FUNCTION audit_dispose(which date) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    name text := 'audit_auditevent_' || to_char(which, 'YYYY_MM');
    there bigint;
    sealed bigint;
BEGIN
    PERFORM 1 FROM public.audit_auditdisposal
        WHERE month = which AND approved_at IS NOT NULL AND done_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'disposal of % is not approved', which USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF which + interval '6 years 1 month' > now() AT TIME ZONE 'Asia/Tokyo' THEN
        RAISE EXCEPTION 'events of % are kept for six years', which USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF to_regclass('public.' || name) IS NULL THEN
        RAISE EXCEPTION 'there are no events of %', which USING ERRCODE = 'no_data_found';
    END IF;
    EXECUTE format('SELECT count(*) FROM public.%I', name) INTO there;
    SELECT coalesce(sum(count), 0) INTO sealed FROM public.audit_auditseal WHERE month = which;
    IF there <> sealed THEN
        RAISE EXCEPTION 'events of %: % are there, % are sealed', which, there, sealed USING ERRCODE = 'data_exception';
    END IF;
    EXECUTE format('DROP TABLE public.%I', name);
    UPDATE public.audit_auditdisposal SET done_at = now(), rows = there WHERE month = which;
    RETURN there;
END
$$;
REVOKE ALL ON FUNCTION audit_dispose(date) FROM PUBLIC;
"""
ALLOW = """
DROP FUNCTION audit_dispose(date);
DROP TRIGGER audit_append_only ON audit_auditdisposal;
DROP TRIGGER audit_no_truncate ON audit_auditdisposal;
DROP TRIGGER audit_append_only ON audit_auditseal;
DROP TRIGGER audit_no_truncate ON audit_auditseal;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_seals_disposals_alerts")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
