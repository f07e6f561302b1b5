from django.db import migrations

from fulfillment.services import demand


class Migration(migrations.Migration):
    dependencies = [("fulfillment", "0001_initial"), ("orders", "0001_initial")]

    operations = [demand.LOCK_ORDERS.install(), demand.LOCK_LINES.install()]
