"""A random day of corrections: whatever people do to shipments, in whatever order, the books agree."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from fulfillment.models import Pick, Shipment, ShipmentLine
from fulfillment.services.cancel import cancel_order, cancel_shipment
from fulfillment.services.fill import fill_waiting_orders
from fulfillment.services.moves import merge_shipments, move_shipment, split_shipment
from fulfillment.services.overrides import Assignment, override_route
from fulfillment.services.picking import pick, put_back
from fulfillment.services.rejections import RejectedUnits, reject_lines
from fulfillment.services.release import release_shipments, unrelease_shipments
from fulfillment.services.route import route_orders
from fulfillment.services.shortage import report_short
from fulfillment.services.take_back import take_back
from inventory.models import Product, StockLevel
from oms.core import invariants
from oms.core.exceptions import Refusal
from orders.models import Order, OrderLine
from tests.factories import (
    DESK,
    PICKER,
    add_stock,
    line_draft,
    make_customer,
    make_kit,
    make_product,
    make_reason,
    make_warehouse,
    take_order,
)

UNITS = st.integers(1, 4)
WHICH = st.integers(0, 5)
SITE = st.integers(0, 1)
EFFECTS = ("nothing", "set_to_zero", "mismatch", "damaged")


class CorrectionMachine(RuleBasedStateMachine):
    """The invariants of the house are the model; a refused step has changed nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.sites = [make_warehouse("NEAR"), make_warehouse("FAR", priority=200)]
        self.products = [make_product("CUP"), make_product("SAUCER")]
        cup, saucer = self.products
        self.goods: list[Product] = [*self.products, make_kit("SET", of=[(cup, 1), (saucer, 2)])]
        self.customer = make_customer()
        self.reasons = [make_reason(effect, effect=effect, opens_count=True) for effect in EFFECTS]
        for site in self.sites:
            for product in self.products:
                add_stock(site, product, 12)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def attempt(self, work: Callable[[], object]) -> None:
        with suppress(Refusal), transaction.atomic():
            work()

    def shipment(self, which: int, *statuses: str) -> Shipment | None:
        found = list(Shipment.objects.filter(status__in=statuses, units__gt=0).order_by("pk"))
        return found[which % len(found)] if found else None

    def line(self, shipment: Shipment, which: int) -> ShipmentLine:
        lines = list(shipment.lines.filter(quantity__gt=0).order_by("pk"))
        return lines[which % len(lines)]

    @rule(what=st.integers(0, 2), units=UNITS)
    def order(self, what: int, units: int) -> None:
        take_order(line_draft(self.goods[what], units), customer=self.customer)

    @rule()
    def route(self) -> None:
        route_orders(Order.objects.values_list("pk", flat=True), actor=DESK)

    @rule(site=SITE, what=st.integers(0, 1), units=UNITS)
    def receive(self, site: int, what: int, units: int) -> None:
        add_stock(self.sites[site], self.products[what], units, bin_code="A-02")
        fill_waiting_orders(actor=DESK)

    @rule(which=WHICH, line=WHICH, units=UNITS, effect=st.integers(0, 3))
    def reject(self, which: int, line: int, units: int, effect: int) -> None:
        if shipment := self.shipment(which, "planned", "released", "picking"):
            target = self.line(shipment, line)
            self.attempt(
                lambda: reject_lines(
                    shipment_id=shipment.pk,
                    lines=[RejectedUnits(target.pk, units)],
                    reason_id=self.reasons[effect].pk,
                    note="",
                    actor=PICKER,
                )
            )

    @rule(which=WHICH, site=SITE)
    def move(self, which: int, site: int) -> None:
        if shipment := self.shipment(which, "planned", "released", "picking"):
            target = self.sites[site].pk
            self.attempt(
                lambda: move_shipment(
                    shipment_id=shipment.pk, warehouse_id=target, reason="x", actor=DESK
                )
            )

    @rule(which=WHICH, line=WHICH, units=UNITS)
    def split(self, which: int, line: int, units: int) -> None:
        if shipment := self.shipment(which, "planned", "released"):
            parts = {self.line(shipment, line).pk: units}
            self.attempt(
                lambda: split_shipment(shipment_id=shipment.pk, quantities=parts, actor=DESK)
            )

    @rule(one=WHICH, other=WHICH)
    def merge(self, one: int, other: int) -> None:
        first, second = (self.shipment(n, "planned", "released") for n in (one, other))
        if first and second:
            keys = [first.pk, second.pk]
            self.attempt(lambda: merge_shipments(shipment_ids=keys, actor=DESK))

    @rule(which=WHICH, near=st.integers(0, 4), far=st.integers(0, 4))
    def override(self, which: int, near: int, far: int) -> None:
        lines = list(OrderLine.objects.exclude(kind="kit").order_by("pk"))
        if lines:
            line = lines[which % len(lines)]
            spots = zip(self.sites, (near, far), strict=True)
            wanted = [Assignment(line.pk, site.pk, units) for site, units in spots]
            self.attempt(
                lambda: override_route(
                    order_id=line.order_id, assignments=wanted, reason="x", actor=DESK
                )
            )

    @rule(which=WHICH)
    def release(self, which: int) -> None:
        if shipment := self.shipment(which, "planned"):
            self.attempt(lambda: release_shipments(shipment_ids=[shipment.pk], actor=PICKER))

    @rule(which=WHICH)
    def unrelease(self, which: int) -> None:
        if shipment := self.shipment(which, "released"):
            self.attempt(lambda: unrelease_shipments(shipment_ids=[shipment.pk], actor=PICKER))

    @rule(which=WHICH, units=UNITS, how=st.sampled_from(["pick", "short", "back"]))
    def work_a_pick(self, which: int, units: int, how: str) -> None:
        tasks = list(Pick.objects.order_by("pk"))
        if not tasks:
            return
        pk = tasks[which % len(tasks)].pk
        work: dict[str, Callable[[], object]] = {
            "pick": lambda: pick(pick_id=pk, quantity=units, actor=PICKER),
            "short": lambda: report_short(pick_id=pk, found=units - 1, reason="x", actor=PICKER),
            "back": lambda: put_back(pick_id=pk, quantity=units, actor=PICKER),
        }
        self.attempt(work[how])

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        if shipment := self.shipment(which, "planned", "released", "picking", "picked"):
            self.attempt(lambda: cancel_shipment(shipment_id=shipment.pk, reason="x", actor=DESK))

    @rule(which=WHICH)
    def cancel_whole_order(self, which: int) -> None:
        orders = list(Order.objects.order_by("pk"))
        if orders:
            pk = orders[which % len(orders)].pk
            self.attempt(lambda: cancel_order(order_id=pk, reason="x", actor=DESK))

    @rule(site=SITE, what=st.dictionaries(st.integers(0, 1), UNITS, min_size=1))
    def take_back(self, site: int, what: dict[int, int]) -> None:
        self.attempt(
            lambda: take_back(
                warehouse_id=self.sites[site].pk,
                shortages={self.products[n].pk: units for n, units in what.items()},
                booked_next=[product.pk for product in self.products],
                actor=DESK,
            )
        )

    @invariant()
    def the_books_agree(self) -> None:
        assert invariants.violations() == []
        for level in StockLevel.objects.all():
            assert 0 <= level.allocated + level.blocked <= level.on_hand


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        CorrectionMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=examples < 20,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_a_random_day_of_corrections_keeps_the_books_right() -> None:
    run(examples=5, steps=25)


@pytest.mark.slow
@pytest.mark.django_db
def test_many_long_random_days_of_corrections_keep_the_books_right() -> None:
    run(examples=40, steps=60)
