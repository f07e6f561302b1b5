"""What customers are told, and the papers that follow from invoices."""

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from oms.core.models import Case, Message, OutboxEvent, Paper
from oms.core.papers import read_paper, render_paper
from orders.events import InvoiceIssued, OrderPlaced
from orders.handlers import request_invoice_papers
from orders.models import Invoice, Order, OrderLine
from orders.notifications import confirm_orders
from orders.services.cancel import cancel_order
from orders.services.invoicing import credit_note, invoice_goods
from tests import factories as make


@pytest.mark.django_db
def test_a_placed_order_is_confirmed_once() -> None:
    order = make.take_order(
        make.line_draft(make.make_product("TENT-2"), 2, "19.99", tax_rate=Decimal(19)),
        customer_po_number="PO-77",
    )
    event = OrderPlaced(order_id=order.pk)

    confirm_orders([event])
    confirm_orders([event, event])

    message = Message.objects.get()
    assert message.to_address == "orders@larkfield.example"
    assert message.subject == f"Order confirmation {order.number}"
    assert (message.document_kind, message.document_id) == ("order", order.pk)
    assert "2 × Product TENT-2: €39.98" in message.text
    assert "Total: €47.58" in message.text
    assert "Your PO number: PO-77" in message.text
    assert "Product TENT-2" in message.html


@pytest.mark.django_db
def test_names_cannot_smuggle_markup_into_a_mail() -> None:
    order = make.take_order(
        make.line_draft(make.make_product(), description="<img src=x onerror=alert(1)>")
    )

    confirm_orders([OrderPlaced(order_id=order.pk)])

    assert "<img" not in Message.objects.get().html
    assert "<img" in Message.objects.get().text


@pytest.mark.django_db
def test_a_prepaid_customer_is_told_to_pay_first() -> None:
    order = make.take_order(settlement="prepaid")

    confirm_orders([OrderPlaced(order_id=order.pk)])

    assert "as soon as we have received your payment" in Message.objects.get().text


@pytest.mark.django_db
def test_history_canceled_orders_and_customers_without_mail_get_no_confirmation() -> None:
    past, canceled = make.take_order(), make.take_order()
    Order.objects.filter(pk=past.pk).update(is_history=True)
    cancel_order(order_id=canceled.pk, reason="", actor=make.DESK)
    silent = make.take_order(
        customer=make.make_customer("Quiet Ltd.", email="", ship_to=None),
        ship_to=make.Address(country="DE"),
    )

    confirm_orders([OrderPlaced(order_id=order.pk) for order in (past, canceled, silent)])

    assert not Message.objects.exists()


@pytest.mark.django_db
def test_a_mail_address_that_is_none_becomes_a_case() -> None:
    order = make.take_order(ship_to=make.Address(country="DE", email="nobody"))

    confirm_orders([OrderPlaced(order_id=order.pk)])

    assert not Message.objects.exists()
    case = Case.objects.get()
    assert case.sentence == (
        f"{order}: the confirmation cannot be sent, the mail address is not valid."
    )


@pytest.mark.django_db(transaction=True)
def test_an_invoice_and_its_credit_note_are_drawn_as_pdf() -> None:
    order = make.take_order(
        make.line_draft(make.make_product("TENT-2"), 2, "19.99", tax_rate=Decimal(19)),
        customer_po_number="PO-77",
    )
    OrderLine.objects.update(open=0, shipped=2)
    (line,) = make.lines_of(order)
    invoice = invoice_goods(
        order_id=order.pk, quantities={line.pk: 2}, cause="parcel:1", actor=make.DESK
    )
    assert invoice is not None
    note = credit_note(
        invoice_id=invoice.pk, quantities={line.pk: 1}, cause="return:1", actor=make.DESK
    )
    issued = OutboxEvent.objects.filter(topic="orders.invoice_issued")

    request_invoice_papers([InvoiceIssued(**event.payload) for event in issued])

    texts = {}
    for key in Paper.objects.order_by("pk").values_list("pk", flat=True):
        render_paper(key)
        paper = Paper.objects.get(pk=key)
        assert paper.error == ""
        pages = PdfReader(BytesIO(read_paper(paper))).pages
        texts[paper.title] = "".join(page.extract_text() for page in pages)
    assert set(texts) == {invoice.number, note.number}
    assert "TENT-2" in texts[invoice.number]
    assert "€47.58" in texts[invoice.number]
    assert "PO-77" in texts[invoice.number]
    assert invoice.number in texts[note.number]
    assert Invoice.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_invoice_names_the_seller_and_the_discount_on_its_units(
    settings: Any,
) -> None:
    settings.COMPANY_NAME = "Larkfield Outdoor Co."
    settings.COMPANY_ADDRESS = "Invalidenstr. 43, 10115 Berlin"
    settings.COMPANY_TAX_ID = "DE136695976"
    order = make.take_order(
        make.line_draft(make.make_product("TENT-2"), 4, "20.00", discount_amount=Decimal("6.00")),
    )
    OrderLine.objects.update(open=1, shipped=3)
    (line,) = make.lines_of(order)
    invoice_goods(order_id=order.pk, quantities={line.pk: 3}, cause="parcel:1", actor=make.DESK)
    issued = OutboxEvent.objects.filter(topic="orders.invoice_issued")
    request_invoice_papers([InvoiceIssued(**event.payload) for event in issued])
    paper = Paper.objects.get()

    render_paper(paper.pk)

    paper.refresh_from_db()
    assert paper.error == ""
    text = PdfReader(BytesIO(read_paper(paper))).pages[0].extract_text()
    assert "Larkfield Outdoor Co." in text
    assert "Invalidenstr. 43, 10115 Berlin · Tax id DE136695976" in text
    assert "less €4.50 discount" in text
    assert "€55.50" in text
