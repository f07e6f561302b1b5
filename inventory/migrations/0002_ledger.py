from django.db import migrations

from inventory.services import ledger_statement
from oms.core.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial"), ("core", "0002_append_only")]

    operations = [
        append_only("inventory_stockmovement"),
        # Hot rows: room on the page for the next version, and dead ones swept early.
        migrations.RunSQL(
            "ALTER TABLE inventory_stocklevel SET (fillfactor = 50,"
            " autovacuum_vacuum_scale_factor = 0.01)",
            "ALTER TABLE inventory_stocklevel RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        ),
        *ledger_statement.install(),
    ]
