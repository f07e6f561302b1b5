"""What goes on around the demo's stock: goods on order and on the way, counts, corrections to approve."""

from __future__ import annotations

from datetime import date, timedelta

from channels.services.demo_company import Company
from fulfillment.models import RejectionReason, Shipment
from fulfillment.services.promises import keep_all_promises
from fulfillment.services.rejections import RejectedUnits, reject_lines
from inventory.models import AdjustmentReason, Bin, BinContent, StockCount, Supplier, Warehouse
from inventory.services.abc import refresh_classes
from inventory.services.adjustments import request_adjustment
from inventory.services.alerts import watch_stock
from inventory.services.counts import open_count
from inventory.services.purchase_progress import change_expected_date, send_purchase_order
from inventory.services.purchasing import WantedLine, create_purchase_order
from inventory.services.receipts import Arrived
from inventory.services.receiving import receive_purchase
from inventory.services.reordering import compute_rules
from inventory.services.transfers import approve_transfer, draft_transfer, send_transfer
from oms.core.actors import SYSTEM, Actor

AWAITED = {"LMP-HD-400": 40, "LMP-WRK-30": 12}
PARTLY_HERE = {"TPE-PPA-48-CL": 720, "BOX-DW-400-300": 400}
ON_THE_WAY = {"GLV-NIT-BLK-M": 30, "GLV-NIT-BLK-L": 30}


def add_stock_work(company: Company, *, today: date) -> None:
    """Bring purchasing, transfers, counts and corrections to the middle of a working day."""
    manager = Actor.of(company.users["manager"])
    first, second = company.warehouses[:2]
    lamps = _order(company, "LUMEN", first, AWAITED, today + timedelta(days=4), manager)
    _receive_part(company, first, today, manager)
    _transfer(company, first, second, today, manager)
    _count(second, today, manager)
    _correct(company, first)
    _reject(company)
    compute_rules(today=today, actor=SYSTEM)
    refresh_classes(today=today, actor=SYSTEM)
    watch_stock(actor=SYSTEM)
    keep_all_promises(actor=SYSTEM)
    change_expected_date(
        order_id=lamps,
        expected_date=today + timedelta(days=11),
        note="The supplier's line stands still",
        actor=manager,
    )


def _order(
    company: Company,
    supplier: str,
    warehouse: Warehouse,
    units: dict[str, int],
    expected: date,
    actor: Actor,
) -> int:
    drafted = create_purchase_order(
        supplier_id=Supplier.objects.get(code=supplier).pk,
        warehouse_id=warehouse.pk,
        lines=[WantedLine(company.products[sku].product.pk, n) for sku, n in units.items()],
        expected_date=expected,
        actor=actor,
    )
    send_purchase_order(order_id=drafted.order.pk, by_hand=True, actor=actor)
    return int(drafted.order.pk)


def _receive_part(company: Company, warehouse: Warehouse, today: date, actor: Actor) -> None:
    """The first line came whole but for some damaged boxes; the second is still awaited."""
    order_id = _order(company, "TRAVE", warehouse, PARTLY_HERE, today, actor)
    line = Supplier.objects.get(code="TRAVE").purchase_orders.get(pk=order_id).lines.earliest("pk")
    receiving = Bin.objects.get(warehouse=warehouse, kind=Bin.Kind.RECEIVING)
    receive_purchase(
        order_id=order_id,
        lines=[
            Arrived(
                line_id=line.pk,
                quantity=line.quantity,
                bin_id=receiving.pk,
                damaged=12,
                difference="Carton crushed in transport",
            )
        ],
        delivery_note="LS-7731",
        actor=actor,
    )


def _transfer(
    company: Company, source: Warehouse, target: Warehouse, today: date, actor: Actor
) -> None:
    transfer = draft_transfer(
        warehouse_from_id=source.pk,
        warehouse_to_id=target.pk,
        quantities={company.products[sku].product.pk: n for sku, n in ON_THE_WAY.items()},
        reason="Gloves run out in the north first",
        expected_date=today + timedelta(days=2),
        actor=actor,
    )
    approve_transfer(transfer_id=transfer.pk, actor=actor)
    send_transfer(transfer_id=transfer.pk, actor=actor)


def _count(warehouse: Warehouse, today: date, actor: Actor) -> None:
    shelves = Bin.objects.filter(warehouse=warehouse, kind=Bin.Kind.SHELF, contents__quantity__gt=0)
    open_count(
        warehouse_id=warehouse.pk,
        origin=StockCount.Origin.CYCLE,
        reason="Aisle A, first bays",
        bin_ids=list(shelves.order_by("walk_order").values_list("pk", flat=True)[:4]),
        due_date=today,
        actor=actor,
    )


def _correct(company: Company, warehouse: Warehouse) -> None:
    """Above what a picker may book alone: a manager finds it in the inbox."""
    product = company.products["TRL-PLT-2500"].product
    place = BinContent.objects.filter(
        bin__warehouse=warehouse, bin__kind=Bin.Kind.SHELF, product=product, quantity__gte=2
    ).first()
    if place and AdjustmentReason.objects.filter(code="damaged").exists():
        request_adjustment(
            warehouse_id=warehouse.pk,
            product_id=product.pk,
            bin_id=place.bin_id,
            delta=-1,
            reason_code="damaged",
            note="Fell from the ramp; the hydraulics leak.",
            actor=Actor.of(company.users["picker"], surface="warehouse"),
        )


def _reject(company: Company) -> None:
    """A planned shipment's line that a warehouse sends back."""
    planned = Shipment.objects.filter(
        status=Shipment.Status.PLANNED, warehouse=company.warehouses[2]
    )
    shipment = planned.order_by("-pk").first()
    reason = RejectionReason.objects.filter(code="damaged").first()
    if shipment is None or reason is None:
        return
    line = shipment.lines.order_by("pk")[0]
    reject_lines(
        shipment_id=shipment.pk,
        lines=[RejectedUnits(line.pk, line.quantity)],
        reason_id=reason.pk,
        note="Soaked by a leak in the roof.",
        actor=Actor.of(company.users["picker"], surface="warehouse"),
    )
