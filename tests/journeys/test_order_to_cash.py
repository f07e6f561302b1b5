"""Orders from intake to money: on account and prepaid, in parts, undone; the books agree after each step."""

import logging
from decimal import Decimal

import pytest

from fulfillment.models import Parcel, Shipment
from fulfillment.services.cancel import cancel_order
from fulfillment.services.day import Until, run_day
from fulfillment.services.shipping import ship_parcels, unship_parcel
from inventory.models import Product
from oms.core import invariants
from oms.core.addresses import Address
from oms.core.exceptions import Refusal
from oms.core.models import Activity, Case, Message, OutboxEvent, Paper
from oms.core.papers import read_paper, render_paper
from orders.models import Invoice, Order, SearchTerm
from orders.services.cancel import cancel_lines
from orders.services.holds import hold_order
from orders.services.intake import ChargeDraft
from orders.services.payments import record_payment
from tests.factories import (
    DESK,
    PICKER,
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_customer,
    make_product,
    make_warehouse,
    take_order,
)
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def setup() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def mug(setup: WarehouseSetup) -> Product:
    product = make_product("MUG", weight_kg=Decimal("0.400"))
    add_stock(setup, product, 3)
    return product


def fresh(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def states(order: Order) -> tuple[str, str, str]:
    now = fresh(order)
    return now.status, now.fulfillment_status, now.payment_status


def settle() -> None:
    """Let all events take effect, then hold the books against themselves."""
    run_outbox()
    assert invariants.violations() == []


def ship_all() -> None:
    summary = run_day(orders=10, actor=PICKER)
    assert summary.refusals == []
    settle()


def invoices(order: Order) -> list[tuple[str, Decimal]]:
    rows = Invoice.objects.filter(order=order).order_by("pk")
    return list(rows.values_list("kind", "total_amount"))


def test_an_order_on_account_ships_in_parts_and_is_invoiced_for_each(
    setup: WarehouseSetup, mug: Product
) -> None:
    order = take_order(
        line_draft(mug, 5, "10.00", tax_rate=Decimal(20)),
        charges=[ChargeDraft(kind="carriage", net_amount=Decimal("6.00"), tax_rate=Decimal(20))],
    )
    settle()
    assert states(order) == ("in_fulfillment", "backordered", "unpaid")
    assert [(x.allocated, x.backordered) for x in lines_of(order)] == [(3, 2)]

    ship_all()

    assert states(order) == ("in_fulfillment", "partly_shipped", "unpaid")
    assert invoices(order) == [("invoice", Decimal("43.20"))]

    add_stock(setup, mug, 2)
    settle()
    ship_all()

    assert states(order) == ("completed", "shipped", "unpaid")
    assert invoices(order) == [("invoice", Decimal("43.20")), ("invoice", Decimal("24.00"))]
    assert sum(amount for _, amount in invoices(order)) == fresh(order).total_amount
    numbers = list(Invoice.objects.order_by("pk").values_list("number", flat=True))
    assert numbers == ["INV-000001", "INV-000002"]

    record_payment(
        order_id=order.pk,
        method="bank_transfer",
        amount=Decimal("67.20"),
        idem_key="p1",
        actor=DESK,
    )
    settle()
    assert states(order) == ("completed", "shipped", "paid")


def test_a_hand_over_that_is_undone_reopens_the_order_and_credits_its_invoice(
    mug: Product,
) -> None:
    order = take_order(line_draft(mug, 3))
    settle()
    ship_all()
    assert states(order) == ("completed", "shipped", "unpaid")
    parcel = Parcel.objects.get()

    unship_parcel(parcel_id=parcel.pk, actor=DESK)
    settle()

    assert states(order) == ("in_fulfillment", "allocated", "unpaid")
    assert fresh(order).completed_at is None
    note = Invoice.objects.get(kind="credit_note")
    assert note.refers_to == Invoice.objects.get(kind="invoice")
    assert note.number == "CN-000001"

    ship_parcels(parcel_ids=[parcel.pk], actor=PICKER)
    settle()
    assert states(order) == ("completed", "shipped", "unpaid")
    amount = Decimal("30.00")
    assert invoices(order) == [
        ("invoice", amount),
        ("credit_note", amount),
        ("invoice", amount),
    ]


def test_a_prepaid_order_waits_for_its_money_is_invoiced_and_then_goes_its_way(
    mug: Product,
) -> None:
    order = take_order(line_draft(mug, 2), settlement="prepaid")
    settle()
    assert states(order) == ("placed", "unrouted", "unpaid")
    assert fresh(order).routing_holds == 1
    assert Shipment.objects.count() == 0

    pay = {"order_id": order.pk, "method": "bank_transfer", "actor": DESK}
    record_payment(amount=Decimal("5.00"), idem_key="p1", **pay)  # type: ignore[arg-type]
    settle()
    assert states(order) == ("placed", "unrouted", "partly_paid")
    assert invoices(order) == []

    record_payment(amount=Decimal("15.00"), idem_key="p2", **pay)  # type: ignore[arg-type]
    settle()
    assert states(order) == ("in_fulfillment", "allocated", "paid")
    assert invoices(order) == [("invoice", Decimal("20.00"))]

    ship_all()
    assert states(order) == ("completed", "shipped", "paid")
    assert invoices(order) == [("invoice", Decimal("20.00"))]


def test_what_is_canceled_of_a_partly_shipped_order_completes_it(
    mug: Product,
) -> None:
    order = take_order(line_draft(mug, 5))
    settle()
    ship_all()
    [line] = lines_of(order)

    cancel_lines(order_id=order.pk, quantities={line.pk: 2}, reason="no longer made", actor=DESK)
    settle()

    assert states(order) == ("completed", "shipped", "unpaid")
    with pytest.raises(Refusal):
        cancel_order(order_id=order.pk, reason="too late", actor=DESK)
    assert states(order) == ("completed", "shipped", "unpaid")
    assert invoices(order) == [("invoice", Decimal("30.00"))]


@pytest.mark.django_db(transaction=True)
def test_invoices_and_packing_slips_open_as_pdf(mug: Product) -> None:
    take_order(line_draft(mug, 2))
    settle()
    ship_all()

    papers = list(Paper.objects.order_by("pk"))
    assert sorted(paper.kind for paper in papers) == ["invoice", "packing_slip", "pick_list"]
    for paper in papers:
        render_paper(paper.pk)
        paper.refresh_from_db()
        assert paper.state == "ready", paper.error
        assert read_paper(paper).startswith(b"%PDF-")


def test_no_personal_data_leaves_the_tables_made_for_it(
    setup: WarehouseSetup, mug: Product, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = Address(
        name="Xaverine Quill",
        company="Quillhouse",
        street="Zwiebelgasse 77",
        city="Berlin",
        postcode="10115",
        country="DE",
        email="xq@quillhouse.example",
        phone="+49 30 555777",
    )
    customer = make_customer("Quillhouse", ship_to=secret, email=secret.email)
    order = take_order(line_draft(mug, 4), customer=customer, ship_to=secret)
    settle()
    hold_order(order_id=order.pk, kind="shipping", reason="customs", actor=DESK)
    run_day(orders=1, actor=PICKER, until=Until.SHIPPED)
    settle()

    told = [
        *OutboxEvent.objects.values_list("payload", flat=True),
        *SearchTerm.objects.values_list("term", flat=True),
        *Activity.objects.values_list("old", "new", "note"),
        *Case.objects.values_list("sentence", flat=True),
        *(record.getMessage() for record in caplog.records if record.name != "django.db.backends"),
    ]

    assert Message.objects.count() == 1
    words = ["Xaverine", "Quill", "Zwiebelgasse", "quillhouse", "555777"]
    assert [text for text in map(str, told) if any(word in text for word in words)] == []
