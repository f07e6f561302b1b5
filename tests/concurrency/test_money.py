"""Invoices, payments and transitions side by side: no number twice, no gap, nothing booked twice."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest

from fulfillment.models import Parcel
from fulfillment.services.day import Until, run_day
from fulfillment.services.shipping import ship_parcels
from oms.core.exceptions import Refusal
from oms.core.invariants import violations
from oms.core.models import Activity
from orders.models import Hold, Invoice, Order, Payment
from orders.services.cancel import cancel_order
from orders.services.holds import hold_order
from orders.services.intake import take_orders
from orders.services.payments import record_payment
from tests.concurrency.crowd import crowd
from tests.factories import (
    DESK,
    PICKER,
    add_stock,
    line_draft,
    make_customer,
    make_draft_order,
    make_product,
    make_warehouse,
    order_draft,
    take_order,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_invoices_of_many_trucks_at_once_are_numbered_without_gaps() -> None:
    product = make_product()
    add_stock(make_warehouse(), product, 100)
    customer = make_customer()
    drafts = [order_draft(line_draft(product, 2), customer=customer) for _ in range(16)]
    take_orders(drafts, actor=DESK)
    run_day(orders=16, actor=PICKER, until=Until.PACKED)
    parcels = list(Parcel.objects.order_by("pk").values_list("pk", flat=True))
    assert len(parcels) == 16

    def leave(n: int) -> None:
        # Every parcel is handed over by two people; one of them comes too late.
        with contextlib.suppress(Refusal):
            ship_parcels(parcel_ids=[parcels[n // 2], parcels[n // 2 + 8]], actor=PICKER)

    crowd(16, leave)

    numbers = list(Invoice.objects.order_by("number").values_list("number", flat=True))
    assert numbers == [f"INV-{n:06}" for n in range(1, 17)]
    assert set(Order.objects.values_list("status", flat=True)) == {"completed"}
    assert violations() == []


def test_one_payment_told_by_sixteen_callers_is_one() -> None:
    order = take_order(line_draft(make_product(), 2), settlement="prepaid")

    def pay(_: int) -> int:
        return record_payment(
            order_id=order.pk,
            method="bank_transfer",
            amount=Decimal("20.00"),
            idem_key="statement 17, row 3",
            actor=DESK,
        ).pk

    assert len(set(crowd(16, pay))) == 1
    assert Payment.objects.get().captured == Decimal("20.00")
    assert Invoice.objects.count() == 1
    assert violations() == []


def test_one_order_is_canceled_by_one_of_many() -> None:
    order = make_draft_order()

    def cancel(_: int) -> bool:
        try:
            cancel_order(order_id=order.pk, reason="", actor=DESK)
        except Refusal:
            return False
        return True

    assert sorted(crowd(8, cancel)) == [False] * 7 + [True]
    assert Activity.objects.filter(document_kind="order", verb="cancel").count() == 1
    assert violations() == []


def test_one_reason_holds_an_order_once() -> None:
    order = take_order()

    def hold(_: int) -> bool:
        try:
            hold_order(order_id=order.pk, kind="routing", reason="credit", actor=DESK)
        except Refusal:
            return False
        return True

    assert sorted(crowd(8, hold)) == [False] * 7 + [True]
    assert Hold.objects.count() == 1
    assert Order.objects.get().routing_holds == 1
    assert violations() == []
