"""Valid documents for tests, built by the services that the program itself calls.

Every factory takes what a test cares about and has a small sane default for the rest; names count
upward, nothing is random.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction

from fulfillment.models import RejectionReason
from inventory.models import (
    Bin,
    KitComponent,
    Product,
    PurchaseOrder,
    Supplier,
    SupplierProduct,
    Warehouse,
)
from inventory.services.goods import GoodsReceipt, receive
from inventory.services.purchase_progress import send_purchase_order
from inventory.services.purchasing import WantedLine, create_purchase_order
from oms.core.actors import Actor
from oms.core.addresses import Address
from orders.models import Customer, Order, OrderLine, SalesChannel
from orders.services.customers import create_customer
from orders.services.intake import LineDraft, OrderDraft, create_orders, take_orders

DESK = Actor(label="Sales desk", surface="admin")
PICKER = Actor(label="Picker 1", surface="warehouse")

BERLIN = Address(
    name="Goods in",
    company="Larkfield Outdoor Co.",
    street="Invalidenstr. 43",
    city="Berlin",
    postcode="10115",
    country="DE",
    email="orders@larkfield.example",
)
PARIS = Address(
    name="Réception",
    company="Maison Verne",
    street="12 rue de Rivoli",
    city="Paris",
    postcode="75004",
    country="FR",
    email="achats@verne.example",
)

_count = itertools.count(1)


def make_channel(code: str = "desk", **facts: Any) -> SalesChannel:
    """Return the channel with this code; one call makes it, the next finds it."""
    defaults = {"name": "Sales desk", "currency": "EUR"} | facts
    return SalesChannel.objects.get_or_create(code=code, defaults=defaults)[0]


def make_customer(name: str = "Larkfield Outdoor Co.", **facts: Any) -> Customer:
    """Return a new business customer on account in Berlin."""
    facts = {"ship_to": BERLIN, "email": BERLIN.email} | facts
    return create_customer(name=name, actor=DESK, **facts)


def make_product(sku: str = "", **facts: Any) -> Product:
    """Return a new product without stock."""
    number = next(_count)
    sku = sku or f"SKU-{number:04}"
    return Product.objects.create(sku=sku, **({"name": f"Product {sku}"} | facts))


def make_kit(sku: str = "", *, of: Sequence[tuple[Product, int]], **facts: Any) -> Product:
    """Return a kit of (component, quantity)."""
    kit = make_product(sku, is_kit=True, **facts)
    for component, quantity in of:
        KitComponent.objects.create(kit=kit, component=component, quantity=quantity)
    return kit


@dataclass
class WarehouseSetup:
    """A warehouse and its bins by code: A-01 … A-03 (shelf), RECV, STAGE, QUAR, RET, MISS, TOTE-1."""

    warehouse: Warehouse
    bins: dict[str, Bin] = field(default_factory=dict)

    @property
    def pk(self) -> int:
        return self.warehouse.pk


BINS = {
    "A-01": Bin.Kind.SHELF,
    "A-02": Bin.Kind.SHELF,
    "A-03": Bin.Kind.SHELF,
    "RECV": Bin.Kind.RECEIVING,
    "STAGE": Bin.Kind.STAGING,
    "QUAR": Bin.Kind.QUARANTINE,
    "RET": Bin.Kind.RETURNS,
    "MISS": Bin.Kind.MISSING,
    "TOTE-1": Bin.Kind.TOTE,
}


def make_warehouse(code: str = "", **facts: Any) -> WarehouseSetup:
    """Return a new warehouse in Berlin with a bin of every kind."""
    code = code or f"W{next(_count)}"
    place = {"city": "Berlin", "postcode": "10115", "country": "DE"}
    place |= {"latitude": 52.53, "longitude": 13.38, "title": f"Warehouse {code}"}
    warehouse = Warehouse.objects.create(code=code, **(place | facts))
    bins = {
        bin_code: Bin.objects.create(warehouse=warehouse, code=bin_code, kind=kind, walk_order=step)
        for step, (bin_code, kind) in enumerate(BINS.items())
    }
    return WarehouseSetup(warehouse, bins)


def add_stock(
    setup: WarehouseSetup, product: Product, quantity: int, *, bin_code: str = "A-01"
) -> None:
    """Receive units of a product into a bin."""
    receipt = GoodsReceipt(
        warehouse_id=setup.pk,
        product_id=product.pk,
        bin_id=setup.bins[bin_code].pk,
        quantity=quantity,
        idem_key=f"factory:{next(_count)}",
    )
    with transaction.atomic():
        receive([receipt], actor=PICKER)


def make_supplier(code: str = "", *products: Product, **facts: Any) -> Supplier:
    """Return a supplier with a mail address who sells these products for 4.00 each."""
    code = code or f"SUP-{next(_count)}"
    base = {"title": f"Supplier {code}", "email": f"{code.lower()}@supplier.example"}
    supplier = Supplier.objects.create(code=code, **(base | facts))
    for product in products:
        sell(supplier, product)
    return supplier


def sell(supplier: Supplier, product: Product, price: str = "4.00", **terms: Any) -> None:
    """Let a supplier sell a product at these terms."""
    facts = {"part_number": f"P-{product.sku}", "price": Decimal(price)} | terms
    SupplierProduct.objects.create(supplier=supplier, product=product, **facts)


def make_purchase_order(
    supplier: Supplier, setup: WarehouseSetup, *lines: tuple[Product, int], sent: bool = True
) -> PurchaseOrder:
    """Return an order to a supplier of (product, quantity), on its way unless told otherwise."""
    order = create_purchase_order(
        supplier_id=supplier.pk,
        warehouse_id=setup.pk,
        lines=[WantedLine(product.pk, quantity) for product, quantity in lines],
        actor=DESK,
    ).order
    if sent:
        send_purchase_order(order_id=order.pk, actor=DESK, by_hand=True)
    return PurchaseOrder.objects.get(pk=order.pk)


def line_draft(
    product: Product | str, quantity: int = 1, price: str = "10.00", **facts: Any
) -> LineDraft:
    """Return the draft of a line; prices are net, without tax unless ``tax_rate`` is given."""
    sku = product if isinstance(product, str) else product.sku
    return LineDraft(sku=sku, quantity=quantity, unit_price=Decimal(price), **facts)


def order_draft(*lines: LineDraft, customer: Customer | None = None, **facts: Any) -> OrderDraft:
    """Return the draft of an order from the sales desk; without lines it has one of a new product."""
    customer = customer or make_customer()
    facts.setdefault("channel_id", make_channel().pk)
    facts.setdefault("currency", "EUR")
    facts.setdefault("ship_to", BERLIN)
    return OrderDraft(
        customer_id=customer.pk, lines=list(lines) or [line_draft(make_product())], **facts
    )


def make_draft_order(*lines: LineDraft, **facts: Any) -> Order:
    """Return an order in status draft."""
    (taken,) = create_orders([order_draft(*lines, **facts)], actor=DESK)
    return Order.objects.get(pk=taken.order_id)


def take_order(*lines: LineDraft, **facts: Any) -> Order:
    """Return a placed order, its units open and reserved."""
    (taken,) = take_orders([order_draft(*lines, **facts)], actor=DESK)
    return Order.objects.get(pk=taken.order_id)


def lines_of(order: Order) -> list[OrderLine]:
    """Return the lines of an order as they stand now."""
    return list(OrderLine.objects.filter(order=order).order_by("position"))


def make_reason(code: str = "reason", **facts: Any) -> RejectionReason:
    """Return a reason for rejecting lines; without facts stock stays as it is."""
    defaults = {"title": code.capitalize(), "effect": "nothing"} | facts
    return RejectionReason.objects.update_or_create(code=code, defaults=defaults)[0]


WORLD_SKUS = ("WORLD-1", "WORLD-2", "WORLD-3")


def stocked_world(units: int = 1_000) -> list[WarehouseSetup]:
    """Make two warehouses (Berlin, Paris) that have so many units of each of three products."""
    setups = [
        make_warehouse("BER"),
        make_warehouse(
            "PAR", city="Paris", postcode="75004", country="FR", latitude=48.86, longitude=2.35
        ),
    ]
    for sku in WORLD_SKUS:
        product = make_product(sku)
        for setup in setups:
            add_stock(setup, product, units)
    make_customer("Maison Verne", ship_to=PARIS)
    return setups


def take_some_orders(count: int, *, actor: Actor = DESK) -> list[Order]:
    """Take so many orders of all three products of the stocked world, in one batch."""
    customer = Customer.objects.order_by("pk").filter(name="Maison Verne")[0]
    drafts = [
        order_draft(*[line_draft(sku, 2) for sku in WORLD_SKUS], customer=customer, ship_to=PARIS)
        for _ in range(count)
    ]
    keys = [taken.order_id for taken in take_orders(drafts, actor=actor)]
    return list(Order.objects.filter(pk__in=keys).order_by("pk"))
