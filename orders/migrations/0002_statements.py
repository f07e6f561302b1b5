from django.db import migrations

from orders.services import order_rows


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [order_rows.WRITE_ORDERS.install()]
