"""Import and export of master data, with a preview before anything is written."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import ForeignKeyWidget

from inventory.models import Barcode, Bin, Product, Warehouse

_CASE = re.compile(r"^(?P<code>\S+?)(?:\*(?P<units>[1-9]\d*))?$")


class _ByCode(ModelResource):
    """Rows are known by their codes, whatever the case; what is unchanged is skipped."""

    class Meta:
        abstract = True

    def get_instance(self, instance_loader: Any, row: dict[str, Any]) -> Any:
        fields = [self.fields[name] for name in self.get_import_id_fields()]
        keys = {}
        for field in fields:
            value = field.clean(row)
            suffix = "" if isinstance(value, Model) else "__iexact"
            keys[f"{field.attribute}{suffix}"] = value
        found = self._meta.model.objects.filter(**keys).first()
        if found:
            code = fields[-1]
            row[code.column_name] = getattr(found, code.attribute)
        return found

    def import_field(self, field: Any, instance: Any, row: Any, *args: Any, **kwargs: Any) -> None:
        try:
            super().import_field(field, instance, row, *args, **kwargs)
        except ArithmeticError:
            raise ValueError(f"{row[field.column_name]} is no number.") from None


class ProductResource(_ByCode):
    """Products by SKU. ``barcodes``: codes separated by spaces, ``code*12`` for a case of 12."""

    barcodes = Field(column_name="barcodes", readonly=True)

    class Meta:
        model = Product
        import_id_fields = ("sku",)
        exclude = ("id", "created_at")
        skip_unchanged = True
        clean_model_instances = True
        use_transactions = True

    def dehydrate_barcodes(self, product: Product) -> str:
        codes = Barcode.objects.filter(product=product.pk).order_by("code")
        return " ".join(
            each.code if each.multiplier == 1 else f"{each.code}*{each.multiplier}"
            for each in codes
        )

    def skip_row(
        self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None
    ) -> bool:
        given = row.get("barcodes")
        if given is not None and sorted(str(given).split()) != sorted(
            self.dehydrate_barcodes(original).split()
        ):
            return False
        return bool(super().skip_row(instance, original, row, import_validation_errors))

    def after_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        given = row.get("barcodes")
        if given is None:
            return
        wanted = dict(_barcode(part) for part in str(given).split())
        instance.barcodes.exclude(code__in=wanted).delete()
        for code, units in wanted.items():
            if Barcode.objects.filter(code=code).exclude(product=instance).exists():
                raise ValidationError({"barcodes": f"Barcode {code} belongs to another product."})
            instance.barcodes.update_or_create(code=code, defaults={"multiplier": units})


def _barcode(text: str) -> tuple[str, int]:
    found = _CASE.match(text)
    if not found:
        raise ValidationError({"barcodes": f"{text} is no barcode: write code or code*12."})
    return found["code"], int(found["units"] or 1)


class WarehouseResource(_ByCode):
    """Warehouses by code."""

    class Meta:
        model = Warehouse
        import_id_fields = ("code",)
        exclude = ("id",)
        skip_unchanged = True
        clean_model_instances = True
        use_transactions = True


class BinResource(_ByCode):
    """Bins by warehouse and code."""

    warehouse = Field(
        attribute="warehouse",
        column_name="warehouse",
        widget=ForeignKeyWidget(Warehouse, "code"),
    )

    class Meta:
        model = Bin
        import_id_fields = ("warehouse", "code")
        exclude = ("id",)
        skip_unchanged = True
        clean_model_instances = True
        use_transactions = True
