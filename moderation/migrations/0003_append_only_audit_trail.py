from django.db import migrations

# Row and statement triggers both: PostgreSQL fires no row trigger on TRUNCATE.
FORWARDS = """
CREATE FUNCTION moderation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % is refused.', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END;
$$;
CREATE TRIGGER audit_entries_never_change
    BEFORE UPDATE OR DELETE ON moderation_auditentry
    FOR EACH ROW EXECUTE FUNCTION moderation_refuse_change();
CREATE TRIGGER audit_entries_are_never_truncated
    BEFORE TRUNCATE ON moderation_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION moderation_refuse_change();
"""
BACKWARDS = """
DROP TRIGGER audit_entries_are_never_truncated ON moderation_auditentry;
DROP TRIGGER audit_entries_never_change ON moderation_auditentry;
DROP FUNCTION moderation_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("moderation", "0002_restricted_cases_and_appeals")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
