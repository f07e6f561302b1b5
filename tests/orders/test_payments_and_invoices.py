"""Money: payments, invoices at hand-over or at payment, credit notes."""

from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from oms.core.invariants import violations
from oms.core.models import OutboxEvent
from orders.drafts import ChargeDraft
from orders.exceptions import InvoiceRefused, PaymentRefused
from orders.models import Hold, Invoice, InvoiceLine, Order, OrderLine, Payment, SearchTerm
from orders.services.cancel import cancel_lines, cancel_order
from orders.services.intake import place_orders
from orders.services.invoicing import (
    GoodsToInvoice,
    credit_goods,
    credit_note,
    invoice_goods,
    invoice_payment,
    invoice_shipped,
)
from orders.services.payments import record_payment
from tests import factories as make

pytestmark = pytest.mark.django_db
MONEY = ["orders.invoiced", "orders.invoice_lines", "orders.credits", "orders.invoice_numbers"]


def pay(order: Order, amount: str, key: str = "k1", **facts: str) -> Payment:
    return record_payment(
        order_id=order.pk,
        method=facts.get("method", "bank_transfer"),
        amount=Decimal(amount),
        idem_key=key,
        currency=facts.get("currency"),
        actor=make.DESK,
    )


def shipped_order(units: int = 3, price: str = "10.00", **facts: object) -> tuple[Order, OrderLine]:
    line = make.line_draft(make.make_product(), units, price, tax_rate=Decimal(19))
    order = make.take_order(line, **facts)
    OrderLine.objects.filter(order=order).update(open=0, shipped=units)
    return order, make.lines_of(order)[0]


def ship_invoice(order: Order, line: OrderLine, units: int, cause: str) -> Invoice:
    invoice = invoice_goods(
        order_id=order.pk, quantities={line.pk: units}, cause=cause, actor=make.DESK
    )
    assert invoice is not None
    return invoice


def test_a_payment_in_parts_moves_the_payment_status() -> None:
    order = make.take_order(make.line_draft(make.make_product(), 2, "10.00"))

    pay(order, "5.00", "k1")
    assert Order.objects.get().payment_status == "partly_paid"
    pay(order, "15.00", "k2")

    assert Order.objects.get().payment_status == "paid"
    assert OutboxEvent.objects.filter(topic="orders.payment_recorded").count() == 2
    assert violations(["orders.payment_status", "orders.payments"]) == []


def test_the_same_payment_twice_is_one() -> None:
    order = make.take_order()

    first, second = pay(order, "5.00"), pay(order, "5.00")

    assert first == second
    assert Payment.objects.count() == 1


def test_a_key_that_means_another_payment_is_refused() -> None:
    order = make.take_order()
    pay(order, "5.00")

    with pytest.raises(PaymentRefused, match="was recorded before with other facts"):
        pay(order, "6.00")

    assert Payment.objects.get().captured == Decimal("5.00")


@pytest.mark.parametrize(
    ("amount", "facts", "sentence"),
    [
        ("0", {}, "A payment must be above zero, not 0"),
        ("-5", {}, "A payment must be above zero, not -5"),
        ("NaN", {}, "A payment must be above zero, not NaN"),
        ("1.001", {}, "1.001 has more decimal places than EUR has"),
        ("1", {"currency": "USD"}, "is in EUR, the payment is in USD"),
        ("1", {"method": "barter"}, "'barter' is no way to pay"),
    ],
)
def test_a_payment_that_does_not_fit_is_refused(
    amount: str, facts: dict[str, str], sentence: str
) -> None:
    order = make.take_order()

    with pytest.raises(PaymentRefused, match=sentence):
        pay(order, amount, **facts)

    assert not Payment.objects.exists()
    assert Order.objects.get().payment_status == "unpaid"


def test_a_prepaid_order_goes_on_and_is_invoiced_when_it_is_paid() -> None:
    order = make.take_order(
        make.line_draft(make.make_product(), 2, "10.00", tax_rate=Decimal(19)),
        settlement="prepaid",
        charges=[ChargeDraft("carriage", Decimal("5.00"), tax_rate=Decimal(19))],
    )
    assert order.total_amount == Decimal("29.75")

    pay(order, "20.00", "k1")
    assert Order.objects.get().routing_holds == 1
    assert not Invoice.objects.exists()
    pay(order, "9.75", "k2")

    assert Order.objects.get().routing_holds == 0
    assert Hold.objects.get().lifted_by == "Sales desk"
    invoice = Invoice.objects.get()
    assert (invoice.number, invoice.kind) == ("INV-000001", "invoice")
    assert (invoice.net_amount, invoice.tax_amount) == (Decimal("25.00"), Decimal("4.75"))
    topics = list(OutboxEvent.objects.order_by("pk").values_list("topic", flat=True))
    assert topics[-3:] == [
        "orders.payment_recorded",
        "orders.order_released_for_routing",
        "orders.invoice_issued",
    ]
    assert violations() == []


def test_a_prepaid_draft_that_is_paid_already_is_invoiced_at_placing_and_not_held() -> None:
    order = make.make_draft_order(settlement="prepaid")
    pay(order, "10.00")
    assert not Invoice.objects.exists()

    place_orders([order.pk], actor=make.DESK)

    assert not Hold.objects.exists()
    assert Invoice.objects.get().total_amount == Decimal("10.00")
    assert violations() == []


def test_goods_that_left_are_invoiced_once_with_the_charges_on_the_first() -> None:
    order, line = shipped_order(3, charges=[ChargeDraft("carriage", Decimal("5.00"))])

    first = ship_invoice(order, line, 2, "parcel:1")
    again = ship_invoice(order, line, 2, "parcel:1")
    second = ship_invoice(order, line, 1, "parcel:2")

    assert first == again
    assert (first.number, second.number) == ("INV-000001", "INV-000002")
    assert (first.net_amount, first.tax_amount) == (Decimal("25.00"), Decimal("3.80"))
    assert (second.net_amount, second.tax_amount) == (Decimal("10.00"), Decimal("1.90"))
    assert first.due_date is not None
    assert first.total_amount + second.total_amount == order.total_amount
    assert SearchTerm.objects.filter(kind="invoice").count() == 2
    assert violations(MONEY) == []


def test_invoices_of_a_line_add_up_to_its_amount_to_the_cent() -> None:
    order, line = shipped_order(7, "1.43")

    totals = [ship_invoice(order, line, 1, f"parcel:{n}").total_amount for n in range(7)]

    assert sum(totals) == order.total_amount
    assert violations(MONEY) == []


def test_more_than_was_shipped_is_not_invoiced_and_takes_no_number() -> None:
    order, line = shipped_order(3)
    ship_invoice(order, line, 2, "parcel:1")

    with pytest.raises(InvoiceRefused, match="2 units cannot be invoiced, 2 of 3 are invoiced"):
        ship_invoice(order, line, 2, "parcel:2")

    assert Invoice.objects.count() == 1
    assert ship_invoice(order, line, 1, "parcel:3").number == "INV-000002"


def test_goods_of_a_prepaid_order_are_not_invoiced_again_at_hand_over() -> None:
    order, line = shipped_order(3, settlement="prepaid")

    assert (
        invoice_goods(order_id=order.pk, quantities={line.pk: 3}, cause="parcel:1", actor=make.DESK)
        is None
    )
    assert not Invoice.objects.exists()


def test_invoicing_many_orders_costs_the_same_statements() -> None:
    def statements(count: int) -> int:
        pairs = [shipped_order(2) for _ in range(count)]
        goods = [GoodsToInvoice(o.pk, {line.pk: 2}, f"parcel:{line.pk}") for o, line in pairs]
        with CaptureQueriesContext(connection) as captured:
            assert len(invoice_shipped(goods, actor=make.DESK)) == count
        return sum("SAVEPOINT" not in query["sql"] for query in captured)

    assert statements(1) == statements(6) == 12
    assert violations(MONEY) == []


def test_the_components_of_a_kit_are_invoiced_by_their_share() -> None:
    pole, sheet = make.make_product("POLE"), make.make_product("SHEET")
    kit = make.make_kit(of=[(pole, 2), (sheet, 1)])
    order = make.take_order(make.line_draft(kit, 1, "10.00"))
    _, poles, sheets = make.lines_of(order)
    OrderLine.objects.filter(kind="component").update(open=0, shipped=F("ordered"))

    invoice = invoice_goods(
        order_id=order.pk,
        quantities={poles.pk: 2, sheets.pk: 1},
        cause="parcel:1",
        actor=make.DESK,
    )

    assert invoice is not None
    assert invoice.net_amount == Decimal("10.00")


def test_a_credit_note_refers_to_its_invoice_and_takes_its_share() -> None:
    order, line = shipped_order(3, "3.33")
    invoice = ship_invoice(order, line, 3, "parcel:1")

    note = credit_note(
        invoice_id=invoice.pk, quantities={line.pk: 1}, cause="return:1", actor=make.DESK
    )
    rest = credit_note(
        invoice_id=invoice.pk, quantities={line.pk: 2}, cause="return:2", actor=make.DESK
    )

    assert (note.number, note.refers_to_id, note.due_date) == ("CN-000001", invoice.pk, None)
    assert (note.net_amount, note.tax_amount) == (Decimal("3.33"), Decimal("0.63"))
    assert note.total_amount + rest.total_amount == invoice.total_amount


def test_more_than_was_invoiced_is_not_credited() -> None:
    order, line = shipped_order(3)
    invoice = ship_invoice(order, line, 2, "parcel:1")
    credit_note(invoice_id=invoice.pk, quantities={line.pk: 1}, cause="r:1", actor=make.DESK)

    with pytest.raises(InvoiceRefused, match="2 cannot be credited, 1 of 2 are credited already"):
        credit_note(invoice_id=invoice.pk, quantities={line.pk: 2}, cause="r:2", actor=make.DESK)
    with pytest.raises(InvoiceRefused, match="More units would be credited than were invoiced"):
        credit_goods(order_id=order.pk, quantities={line.pk: 2}, cause="r:3", actor=make.DESK)


def test_a_credit_note_is_not_credited() -> None:
    order, line = shipped_order(3)
    invoice = ship_invoice(order, line, 2, "parcel:1")
    note = credit_note(invoice_id=invoice.pk, quantities={line.pk: 1}, cause="r:1", actor=make.DESK)

    with pytest.raises(InvoiceRefused, match="is a credit note: only an invoice can be credited"):
        credit_note(invoice_id=note.pk, quantities={line.pk: 1}, cause="r:2", actor=make.DESK)

    assert Invoice.objects.count() == 2


def test_units_that_came_back_before_the_truck_left_can_be_invoiced_again() -> None:
    order, line = shipped_order(3, "3.33")
    ship_invoice(order, line, 2, "parcel:1")
    ship_invoice(order, line, 1, "parcel:2")

    (note,) = credit_goods(
        order_id=order.pk, quantities={line.pk: 1}, cause="unship:2", actor=make.DESK
    )
    again = ship_invoice(order, line, 1, "parcel:3")

    assert note.total_amount == again.total_amount
    assert violations(MONEY) == []


def test_canceling_units_that_were_paid_for_credits_them() -> None:
    order = make.take_order(make.line_draft(make.make_product(), 4, "2.50"), settlement="prepaid")
    pay(order, "10.00")
    (line,) = make.lines_of(order)

    cancel_lines(order_id=order.pk, quantities={line.pk: 1}, reason="Fewer", actor=make.DESK)

    note = Invoice.objects.get(kind="credit_note")
    assert (note.total_amount, note.refers_to) == (
        Decimal("2.50"),
        Invoice.objects.get(kind="invoice"),
    )
    assert Order.objects.get().payment_status == "paid"
    assert violations() == []


def test_canceling_a_paid_order_credits_goods_and_charges() -> None:
    order = make.take_order(
        make.line_draft(make.make_product(), 4, "2.50"),
        settlement="prepaid",
        charges=[ChargeDraft("carriage", Decimal("5.00"))],
    )
    pay(order, "15.00")

    cancel_order(order_id=order.pk, reason="Customer asked", actor=make.DESK)

    assert Invoice.objects.get(kind="credit_note").total_amount == Decimal("15.00")
    assert InvoiceLine.objects.filter(invoice__kind="credit_note").count() == 2
    assert violations() == []


def test_what_is_canceled_is_no_longer_due() -> None:
    order = make.take_order(make.line_draft(make.make_product(), 4, "2.50"))
    pay(order, "7.50")
    (line,) = make.lines_of(order)
    assert Order.objects.get().payment_status == "partly_paid"

    cancel_lines(order_id=order.pk, quantities={line.pk: 1}, reason="Fewer", actor=make.DESK)

    assert Order.objects.get().payment_status == "paid"


def test_there_is_nothing_to_invoice_twice() -> None:
    order = make.take_order(settlement="prepaid")
    pay(order, "10.00")

    assert invoice_payment(order_id=order.pk, cause="again", actor=make.DESK) is None
    assert Invoice.objects.count() == 1
