"""From what somebody typed or scanned to the bin, the product and the lot that it names."""

from __future__ import annotations

from inventory.exceptions import Unknown
from inventory.models import Barcode, Bin, Lot, Product


def bin_by_code(warehouse_id: int, code: str) -> Bin:
    """:raises Unknown: the warehouse has no such bin."""
    found = Bin.objects.filter(warehouse=warehouse_id, code__iexact=code.strip()).first()
    if found is None:
        raise Unknown(f"There is no bin {code.strip()} in this warehouse.")
    return found


def product_by_code(text: str) -> tuple[Product, int]:
    """The product with this SKU or barcode, and how many base units the barcode means.

    :raises Unknown: nothing has this code.
    """
    text = text.strip()
    barcode = Barcode.objects.filter(code=text).select_related("product").first()
    if barcode is not None:
        return barcode.product, barcode.multiplier
    product = Product.objects.filter(sku__iexact=text).first()
    if product is None:
        raise Unknown(f"No product has the SKU or barcode {text}.")
    return product, 1


def lot_by_code(product: Product, code: str) -> Lot | None:
    """The lot of a product; None where no code is given.

    :raises Unknown: the product has no such lot.
    """
    if not code.strip():
        return None
    lot = Lot.objects.filter(product=product, code__iexact=code.strip()).first()
    if lot is None:
        raise Unknown(f"{product.sku} has no lot {code.strip()}: add it under Lots first.")
    return lot
