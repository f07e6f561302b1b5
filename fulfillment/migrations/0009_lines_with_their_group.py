from django.db import migrations

from fulfillment.services import demand


class Migration(migrations.Migration):
    dependencies = [
        ("fulfillment", "0008_shadow_batches"),
        ("inventory", "0010_product_ship_group"),
    ]

    operations = [
        migrations.RunSQL("DROP FUNCTION fulfillment_lock_lines(bigint[])", migrations.RunSQL.noop),
        demand.LOCK_LINES.install(),
    ]
