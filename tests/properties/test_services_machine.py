"""Every service that touches stock, in any order: whatever happens, all books agree.

No model stands beside it: a step may be refused with a sentence, and then it has changed nothing;
after each step every invariant of the house holds, and no unit appears or vanishes unbooked.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TypeVar

import pytest
from django.db import models, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from fulfillment.models import Parcel, Pick, Shipment, ShipmentLine
from fulfillment.services import cancel, moves, rejections, shipping, shortage
from fulfillment.services.day import Until, run_day
from fulfillment.services.release import unrelease_shipments
from fulfillment.services.sweep import route_open_orders
from inventory.models import (
    AdjustmentReason,
    BinContent,
    CountLine,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    StockAdjustment,
    StockCount,
    StockLevel,
    StockMovement,
    Transfer,
    TransferPart,
)
from inventory.services import adjustments, count_posting, counts, goods, receiving, transfers
from inventory.services.ledger import rebuild_levels
from inventory.services.receipts import Arrived
from inventory.services.transfer_receiving import PartArrived, receive_transfer
from oms.core import import_batches
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.invariants import violations
from oms.core.models import ImportBatch
from orders.models import Order
from orders.services.cancel import cancel_lines
from tests.factories import (
    add_stock,
    line_draft,
    make_product,
    make_purchase_order,
    make_reason,
    make_supplier,
    make_warehouse,
    take_order,
)
from tests.inventory.books import books
from tests.people import make_person
from tests.relay import run_outbox

M = TypeVar("M", bound=models.Model)
WHICH = st.integers(0, 7)
UNITS = st.integers(1, 9)
SITE = st.integers(0, 1)
GOODS = st.integers(0, 1)
SHELF = st.sampled_from(["A-01", "A-02", "QUAR"])
FILLED = st.sampled_from(["A-01", "A-01", "QUAR"])


class ServicesMachine(RuleBasedStateMachine):
    """Two warehouses, two products, one supplier, and everybody at work."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.sites = [
            make_warehouse("BER"),
            make_warehouse("PAR", city="Paris", postcode="75004", country="FR"),
        ]
        self.products = [make_product("LAMP"), make_product("MUG")]
        for site, product in itertools.product(self.sites, self.products):
            add_stock(site, product, 8)
        self.supplier = make_supplier("ACME", *self.products, over_receipt_percent=20)
        AdjustmentReason.objects.get_or_create(
            code="broken", defaults={"title": "Broken", "limit_units": 4}
        )
        effects = ["nothing", "set_to_zero", "mismatch", "damaged"]
        self.reasons = [make_reason(f"r-{n}", effect=each) for n, each in enumerate(effects)]
        self.keys = itertools.count()
        self.desk = Actor.of(make_person("manager", "desk"))
        self.picker = Actor.of(make_person("warehouse", "picker"))
        self.begin_in_the_middle()

    def begin_in_the_middle(self) -> None:
        """Something of everything is under way: otherwise most steps would find nothing to do."""
        lamp, mug = self.products
        for units, until in ((2, Until.SHIPPED), (3, Until.RELEASED), (2, Until.ROUTED)):
            take_order(line_draft(lamp, units), line_draft(mug, 1))
            run_day(orders=1, actor=self.picker, until=until)
        take_order(line_draft(mug, 9))
        make_purchase_order(self.supplier, self.sites[0], (lamp, 8), (mug, 8))
        for product, sent in ((lamp, True), (mug, False)):
            self.transfer(0, product, 1, sent=sent)
            self.transfer(1, product, 3, sent=not sent)
        self.open_a_count(site=1, product=0)

    def transfer(self, site: int, product: Product, units: int, *, sent: bool) -> None:
        drafted = transfers.draft_transfer(
            warehouse_from_id=self.sites[site].pk, warehouse_to_id=self.sites[1 - site].pk,
            quantities={product.pk: units}, actor=self.desk,
        )  # fmt: skip
        if sent:
            transfers.approve_transfer(transfer_id=drafted.pk, actor=self.desk)
            transfers.send_transfer(transfer_id=drafted.pk, actor=self.desk)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def attempt(self, act: Callable[[], object]) -> None:
        """Do it as a page would: what is refused is rolled back and says why."""
        before = books()
        sentence = "done"
        try:
            with transaction.atomic():
                act()
        except Refusal as refusal:
            sentence = str(refusal)
        assert sentence.strip()
        assert sentence == "done" or books() == before

    def one_of(self, rows: models.QuerySet[M], which: int) -> M | None:
        found = list(rows.order_by("pk"))
        return found[which % len(found)] if found else None

    # --- Goods in -----------------------------------------------------------------------------

    @rule(site=SITE, product=GOODS, units=UNITS)
    def goods_come(self, site: int, product: int, units: int) -> None:
        add_stock(self.sites[site], self.products[product], units)

    @rule(site=SITE, units=UNITS, more=UNITS)
    def purchase(self, site: int, units: int, more: int) -> None:
        lamp, mug = self.products
        self.attempt(
            lambda: make_purchase_order(self.supplier, self.sites[site], (lamp, units), (mug, more))
        )

    @rule(which=WHICH, units=UNITS, damaged=st.integers(0, 2), closes=st.booleans())
    def receive_purchase(self, which: int, units: int, damaged: int, closes: bool) -> None:
        order = self.one_of(PurchaseOrder.objects.filter(status__in=PurchaseOrder.ARRIVING), which)
        if order is None:
            return
        line = self.one_of(PurchaseOrderLine.objects.filter(purchase_order=order), which)
        site = next(each for each in self.sites if each.pk == order.warehouse_id)
        assert line is not None
        came = Arrived(
            line_id=line.pk, bin_id=site.bins["RECV"].pk, quantity=units,
            damaged=min(damaged, units), difference="damaged" if damaged or closes else "",
            closes=closes,
        )  # fmt: skip
        self.attempt(
            lambda: receiving.receive_purchase(order_id=order.pk, lines=[came], actor=self.picker)
        )

    @rule(which=WHICH)
    def undo_receipt(self, which: int) -> None:
        receipt = self.one_of(Receipt.objects.filter(undone_at=None), which)
        if receipt is not None:
            self.attempt(lambda: receiving.undo_receipt(receipt_id=receipt.pk, actor=self.picker))

    # --- Orders -------------------------------------------------------------------------------

    @rule(product=GOODS, units=UNITS, both=st.booleans())
    def order(self, product: int, units: int, both: bool) -> None:
        lines = [line_draft(self.products[product], units)]
        lines += [line_draft(self.products[1 - product], 2)] if both else []
        self.attempt(lambda: take_order(*lines))

    @rule()
    def the_worker_comes_by(self) -> None:
        run_outbox()

    @rule()
    def sweep(self) -> None:
        route_open_orders(actor=self.desk)

    @rule(until=st.sampled_from([Until.RELEASED, Until.PICKED, Until.PACKED, Until.SHIPPED]))
    def the_floor_works(self, until: Until) -> None:
        self.attempt(lambda: run_day(orders=2, actor=self.picker, until=until))

    @rule(which=WHICH, found=st.integers(0, 2))
    def pick_short(self, which: int, found: int) -> None:
        pick = self.one_of(Pick.objects.filter(shipment_line__shipment__status="released"), which)
        if pick is not None:
            self.attempt(
                lambda: shortage.report_short(
                    pick_id=pick.pk, found=found, reason="not found", actor=self.picker
                )
            )

    @rule(which=WHICH, units=st.integers(1, 4), reason=st.integers(0, 3))
    def reject(self, which: int, units: int, reason: int) -> None:
        line = self.one_of(
            ShipmentLine.objects.filter(shipment__status__in=["planned", "released"]), which
        )
        if line is not None:
            units = min(units, line.quantity)
            self.attempt(
                lambda: rejections.reject_lines(
                    shipment_id=line.shipment_id,
                    lines=[rejections.RejectedUnits(line.pk, units)],
                    reason_id=self.reasons[reason].pk,
                    note="",
                    actor=self.picker,
                )
            )

    @rule(which=WHICH, act=st.sampled_from(["cancel", "unrelease", "move", "split"]))
    def correct_a_shipment(self, which: int, act: str) -> None:
        shipment = self.one_of(
            Shipment.objects.exclude(status__in=["shipped", "delivered", "canceled"]), which
        )
        if shipment is None:
            return
        other = next(each.pk for each in self.sites if each.pk != shipment.warehouse_id)
        line = self.one_of(ShipmentLine.objects.filter(shipment=shipment), which)
        key = shipment.pk
        acts: dict[str, Callable[[], object]] = {
            "cancel": lambda: cancel.cancel_shipment(shipment_id=key, reason="x", actor=self.desk),
            "unrelease": lambda: unrelease_shipments(shipment_ids=[key], actor=self.desk),
            "move": lambda: moves.move_shipment(
                shipment_id=key, warehouse_id=other, reason="x", actor=self.desk
            ),
            "split": lambda: moves.split_shipment(
                shipment_id=key, quantities={line.pk: 1} if line else {}, actor=self.desk
            ),
        }
        self.attempt(acts[act])

    @rule(which=WHICH, lines_only=st.booleans())
    def cancel_an_order(self, which: int, lines_only: bool) -> None:
        order = self.one_of(Order.objects.filter(status__in=["placed", "in_fulfillment"]), which)
        if order is None:
            return
        if lines_only:
            units = {line.pk: 1 for line in order.lines.all()}
            self.attempt(
                lambda: cancel_lines(
                    order_id=order.pk, quantities=units, reason="x", actor=self.desk
                )
            )
        else:
            self.attempt(
                lambda: cancel.cancel_order(order_id=order.pk, reason="x", actor=self.desk)
            )

    @rule(which=WHICH)
    def unship(self, which: int) -> None:
        parcel = self.one_of(Parcel.objects.filter(status="shipped"), which)
        if parcel is not None:
            self.attempt(lambda: shipping.unship_parcel(parcel_id=parcel.pk, actor=self.picker))

    # --- Between and inside warehouses --------------------------------------------------------

    @rule(site=SITE, product=GOODS, units=UNITS)
    def draft_a_transfer(self, site: int, product: int, units: int) -> None:
        self.attempt(
            lambda: transfers.draft_transfer(
                warehouse_from_id=self.sites[site].pk,
                warehouse_to_id=self.sites[1 - site].pk,
                quantities={self.products[product].pk: units},
                actor=self.desk,
            )
        )

    @rule(
        which=WHICH,
        move=st.sampled_from(
            ["approve", "approve", "send", "send", "take_back", "reopen", "cancel"]
        ),
    )
    def go_on_with_a_transfer(self, which: int, move: str) -> None:
        transfer = self.one_of(Transfer.objects.exclude(status__in=["received", "canceled"]), which)
        if transfer is not None:
            act = getattr(transfers, f"{move}_transfer")
            self.attempt(lambda: act(transfer_id=transfer.pk, actor=self.desk))

    @rule(which=WHICH, units=st.integers(1, 3), lost=st.integers(0, 2))
    def receive_a_transfer(self, which: int, units: int, lost: int) -> None:
        part = self.one_of(
            TransferPart.objects.filter(line__transfer__status__in=Transfer.ARRIVING), which
        )
        if part is None:
            return
        transfer = part.line.transfer
        site = next(each for each in self.sites if each.pk == transfer.warehouse_to_id)
        came = PartArrived(
            part_id=part.pk, bin_id=site.bins["RECV"].pk, quantity=units, lost=lost,
            difference="fell off" if lost else "",
        )  # fmt: skip
        self.attempt(
            lambda: receive_transfer(transfer_id=transfer.pk, arrived=[came], actor=self.picker)
        )

    @rule(site=SITE, product=GOODS, units=st.integers(1, 3), source=FILLED, place=SHELF)
    def move_goods(self, site: int, product: int, units: int, source: str, place: str) -> None:
        row = goods.BinMove(
            warehouse_id=self.sites[site].pk, product_id=self.products[product].pk, quantity=units,
            bin_from_id=self.sites[site].bins[source].pk,
            bin_to_id=self.sites[site].bins[place].pk, reason="x", idem_key=f"m{next(self.keys)}",
        )  # fmt: skip
        into, out = place == "QUAR", source == "QUAR"
        act = goods.block if into and not out else goods.unblock if out else goods.move
        self.attempt(lambda: act([row], actor=self.picker))

    # --- Corrections --------------------------------------------------------------------------

    @rule(site=SITE, product=GOODS, delta=st.integers(-6, 6), take_back=st.booleans())
    def ask_for_an_adjustment(self, site: int, product: int, delta: int, take_back: bool) -> None:
        self.attempt(
            lambda: adjustments.request_adjustment(
                warehouse_id=self.sites[site].pk, product_id=self.products[product].pk,
                bin_id=self.sites[site].bins["A-01"].pk, delta=delta, reason_code="broken",
                take_back=take_back, actor=self.picker,
            )
        )  # fmt: skip

    @rule(which=WHICH, act=st.sampled_from(["approve", "decline", "reverse"]))
    def decide_an_adjustment(self, which: int, act: str) -> None:
        row = self.one_of(StockAdjustment.objects.all(), which)
        if row is not None:
            decide = getattr(adjustments, f"{act}_adjustment")
            self.attempt(lambda: decide(adjustment_id=row.pk, actor=self.desk))

    @rule(site=SITE, product=GOODS)
    def open_a_count(self, site: int, product: int) -> None:
        self.attempt(
            lambda: counts.open_count(
                warehouse_id=self.sites[site].pk, origin=StockCount.Origin.DEMAND, reason="x",
                product_ids=[self.products[product].pk], actor=self.desk,
            )
        )  # fmt: skip

    @rule(which=WHICH, seen=st.integers(-2, 2), take_back=st.booleans())
    def count(self, which: int, seen: int, take_back: bool) -> None:
        row = self.one_of(StockCount.objects.filter(status="open"), which)
        if row is None:
            return
        for line in CountLine.objects.filter(stock_count=row).order_by("pk"):
            lying = BinContent.objects.filter(bin=line.bin_id, product=line.product_id)
            units = max(0, (lying.aggregate(n=Sum("quantity"))["n"] or 0) + seen)
            self.attempt(
                lambda key=line.pk, units=units: counts.record_lines(  # type: ignore[misc]
                    count_id=row.pk, counted={key: units}, actor=self.picker
                )
            )
        self.attempt(
            lambda: count_posting.finish_count(
                count_id=row.pk, take_back=take_back, actor=self.picker
            )
        )

    @rule(site=SITE, product=GOODS, units=st.integers(0, 12))
    def import_stock(self, site: int, product: int, units: int) -> None:
        place, sku = self.sites[site].warehouse.code, self.products[product].sku
        text = f"warehouse,bin,sku,quantity\n{place},A-01,{sku},{units}\n"
        batch = import_batches.receive_file(
            kind="stock", file_name="x.csv", content=text.encode(), actor=self.desk
        )
        self.attempt(lambda: import_batches.start_import(batch_id=batch.pk, actor=self.desk))

    @rule(which=WHICH)
    def undo_an_import(self, which: int) -> None:
        batch = self.one_of(ImportBatch.objects.filter(status="imported"), which)
        if batch is not None:
            self.attempt(lambda: import_batches.start_undo(batch_id=batch.pk, actor=self.desk))

    # --- What must hold -----------------------------------------------------------------------

    @invariant()
    def all_books_agree(self) -> None:
        assert violations() == []

    @invariant()
    def the_ledger_explains_every_unit(self) -> None:
        booked = StockMovement.objects.aggregate(n=Sum("on_hand_delta"))["n"] or 0
        assert booked == StockLevel.objects.aggregate(n=Sum("on_hand"))["n"]
        assert Product.objects.count() == len(self.products)

    @invariant()
    def levels_rebuilt_equal_the_stored_ones(self) -> None:
        assert rebuild_levels() == 0


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        ServicesMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=examples < 30,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_a_random_day_of_everybody_keeps_all_books_right() -> None:
    run(examples=4, steps=20)


@pytest.mark.slow
@pytest.mark.django_db
def test_many_random_days_of_everybody_keep_all_books_right() -> None:
    run(examples=50, steps=50)
