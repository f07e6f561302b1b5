"""Goods on their way, for tests of what counts on them."""

from datetime import date

from django.db import transaction

from inventory.models import (
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Supplier,
    Transfer,
    TransferLine,
    Warehouse,
)
from oms.core.workflow import perform
from tests.factories import DESK


def order_goods(
    warehouse: Warehouse, product: Product, quantity: int, expected: date | None
) -> PurchaseOrder:
    """Return a purchase order with one line that was sent to its supplier."""
    supplier, _ = Supplier.objects.get_or_create(code="MILL", defaults={"title": "Mill Ltd."})
    order = PurchaseOrder.objects.create(
        supplier=supplier, warehouse=warehouse, currency="EUR", expected_date=expected
    )
    PurchaseOrderLine.objects.create(
        purchase_order=order, position=1, product=product, quantity=quantity
    )
    with transaction.atomic():
        perform(order, "send", actor=DESK)
    return PurchaseOrder.objects.get(pk=order.pk)


def goods_in_transit(
    start: Warehouse, end: Warehouse, product: Product, quantity: int, expected: date | None
) -> Transfer:
    """Return a transfer whose goods have left; the levels know nothing of them here."""
    transfer = Transfer.objects.create(
        warehouse_from=start, warehouse_to=end, expected_date=expected
    )
    TransferLine.objects.create(
        transfer=transfer, product=product, quantity=quantity, sent=quantity
    )
    with transaction.atomic():
        perform(transfer, "approve", actor=DESK)
        perform(transfer, "send", actor=DESK)
    return Transfer.objects.get(pk=transfer.pk)
