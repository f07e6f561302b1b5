"""Tables whose rows never change once written: a trigger refuses UPDATE and DELETE."""

from django.db.migrations.operations import RunSQL

FUNCTION = RunSQL(
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only: write a new row instead.', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    "DROP FUNCTION refuse_change()",
)


def append_only(table: str) -> RunSQL:
    """Migration operation that makes a table append-only (``FUNCTION`` ran before)."""
    return RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )
