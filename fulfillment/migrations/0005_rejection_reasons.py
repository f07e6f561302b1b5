"""The reasons for which warehouses send lines back in most houses; change them in the admin."""

from typing import Any

from django.db import migrations

REASONS = [
    {
        "code": "not_in_stock",
        "title": "Not in stock",
        "effect": "set_to_zero",
        "excludes_hours": 24,
        "opens_count": True,
    },
    {
        "code": "mismatch",
        "title": "Fewer than the books say",
        "effect": "mismatch",
        "excludes_hours": 4,
        "opens_count": True,
    },
    {"code": "damaged", "title": "Damaged", "effect": "damaged"},
    {
        "code": "too_busy",
        "title": "Too busy",
        "effect": "nothing",
        "excludes_hours": 4,
        "excludes_all_products": True,
    },
]


def add_reasons(apps: Any, _schema_editor: Any) -> None:
    reasons = apps.get_model("fulfillment", "RejectionReason")
    for reason in REASONS:
        if not reasons.objects.filter(code__iexact=reason["code"]).exists():
            reasons.objects.create(**reason)


class Migration(migrations.Migration):
    dependencies = [("fulfillment", "0004_rate_version")]

    operations = [migrations.RunPython(add_reasons, migrations.RunPython.noop)]
