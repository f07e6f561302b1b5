"""The reasons that every warehouse needs from the first day; the house changes their limits."""

from decimal import Decimal

from django.db import migrations

REASONS = [
    ("count", "Count", Decimal(100), 10),
    ("damaged", "Damaged", Decimal(100), None),
    ("expired", "Expired", Decimal(100), None),
    ("lost", "Lost", Decimal(50), None),
    ("found", "Found", Decimal(100), None),
    ("sample", "Sample or own use", Decimal(50), None),
    ("error", "Booking error", Decimal(100), None),
]


def add_reasons(apps, schema_editor):
    reasons = apps.get_model("inventory", "AdjustmentReason")
    known = {code.lower() for code in reasons.objects.values_list("code", flat=True)}
    reasons.objects.bulk_create(
        reasons(code=code, title=title, limit_amount=amount, limit_units=units)
        for code, title, amount, units in REASONS
        if code not in known
    )


class Migration(migrations.Migration):
    dependencies = [("inventory", "0004_parts_and_limits")]

    operations = [migrations.RunPython(add_reasons, migrations.RunPython.noop)]
