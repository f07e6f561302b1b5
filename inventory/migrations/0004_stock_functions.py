from django.db import migrations

from inventory.services import ledger_statement


class Migration(migrations.Migration):
    dependencies = [("inventory", "0003_stock_permissions_and_lean_indexes")]

    operations = ledger_statement.install()
