from django.db import migrations, models

from fulfillment.services import demand

# Their columns change, which only a new function may do.
_DROP = [
    migrations.RunSQL(f"DROP FUNCTION {name}", migrations.RunSQL.noop)
    for name in ("fulfillment_lock_orders(bigint[])", "fulfillment_lock_lines(bigint[])")
]


class Migration(migrations.Migration):
    dependencies = [
        ("fulfillment", "0006_rate_version_key"),
        ("inventory", "0003_replenishment"),
        ("orders", "0003_tags_and_shares"),
    ]

    operations = [
        migrations.AddField(
            model_name="shipment",
            name="capacity_date",
            field=models.DateField(editable=False, null=True),
        ),
        *_DROP,
        demand.LOCK_ORDERS.install(),
        demand.LOCK_LINES.install(),
    ]
