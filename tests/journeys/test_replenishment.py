"""From an alert to goods on the shelf: told once, suggested, ordered by mail, received with a difference."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from inventory.models import (
    NoticeRecipient,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    ReorderRule,
)
from inventory.tasks import watch_stock
from oms.core import invariants
from oms.core.messages import send_message
from oms.core.models import Case, Message, Paper
from oms.core.papers import render_paper
from orders.models import Order
from tests.factories import (
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_product,
    make_supplier,
    make_warehouse,
    sell,
    take_order,
)
from tests.inventory.books import level
from tests.people import browser_of, key_on, make_person
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db(transaction=True)
ORDERS = "/admin/inventory/purchaseorder/"
SUGGESTIONS = "/admin/inventory/suggestions/"


@pytest.fixture
def setup() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def lamp(setup: WarehouseSetup) -> Product:
    lamp = make_product("LAMP", name="Lamp")
    sell(make_supplier("BRIGHT", language="en"), lamp, "4.00", part_number="BR-9", pack_quantity=6)
    add_stock(setup, lamp, 20)
    ReorderRule.objects.create(product=lamp, warehouse=setup.warehouse, point=10, target=40)
    NoticeRecipient.objects.create(
        product=lamp, audience="buyer", occasion="low", email="buyer@house.example"
    )
    NoticeRecipient.objects.create(
        product=lamp, audience="vendor", occasion="out", email="vendor@vendor.example"
    )
    return lamp


def settle() -> None:
    """Let all events take effect, draw the papers, send the mails, hold the books against themselves."""
    run_outbox()
    for paper in Paper.objects.filter(state="queued"):
        render_paper(paper.pk)
    for message in Message.objects.filter(state="queued"):
        send_message(message.pk)
    assert invariants.violations() == []


def post(client: Client, page: str, url: str, **data: object) -> str:
    answer = client.post(url, {"form_key": key_on(client, page), **data}, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def mails_to(outbox: list[EmailMessage], address: str) -> list[EmailMessage]:
    return [mail for mail in outbox if mail.to == [address]]


def low_cases() -> int:
    return Case.objects.filter(kind="low_stock", closed_at=None).count()


def order_by_mail(manager: Client, mailoutbox: list[EmailMessage]) -> PurchaseOrder:
    """44 are missing to the target: 48 in packs of 6, on one draft, sent by mail."""
    post(manager, SUGGESTIONS, f"{SUGGESTIONS}draft/")
    purchase = PurchaseOrder.objects.get()
    page = f"{ORDERS}{purchase.number}/"
    assert PurchaseOrderLine.objects.get().quantity == 48
    post(manager, page, f"{page}send/")
    settle()
    (mail,) = mails_to(mailoutbox, "bright@supplier.example")
    assert mail.subject == f"Purchase order {purchase.number}"
    files = {name: content for name, content, _kind in mail.attachments}
    assert set(files) == {f"{purchase.number}.pdf", f"{purchase.number}.csv"}
    assert files[f"{purchase.number}.pdf"].startswith(b"%PDF-")
    text = files[f"{purchase.number}.csv"].removeprefix("\ufeff")
    rows = [tuple(row.values()) for row in csv.DictReader(io.StringIO(text))]
    assert [row[2:9] for row in rows] == [
        ("BR-9", "LAMP", "Lamp", "48", "piece", "4.0000", "EUR"),
    ]
    return purchase


def receive_in_two_parts(
    setup: WarehouseSetup, purchase: PurchaseOrder, lamp: Product, order: Order
) -> None:
    """30 with 2 damaged, which fill the backorder; then 15 of 18, and the other 3 are not coming."""
    picker = browser_of(make_person("warehouse", at=setup.warehouse))
    line = f"line-{PurchaseOrderLine.objects.get().pk}"
    receive, place = f"{ORDERS}{purchase.number}/receive/", {f"{line}-bin": setup.bins["A-01"].pk}
    first = {f"{line}-quantity": 30, f"{line}-damaged": 2, "delivery_note": "LS-1"}
    post(picker, receive, receive, **first | place)
    settle()
    assert level(setup.pk, lamp.pk) == (50, 24, 2)
    assert [(x.allocated, x.backordered) for x in lines_of(order)] == [(24, 0)]

    reason = {f"{line}-closes": "on", f"{line}-difference": "sold out at the supplier"}
    told = post(picker, receive, receive, **{f"{line}-quantity": 15} | place | reason)
    settle()
    assert "sold out at the supplier" in told
    bought = PurchaseOrderLine.objects.get()
    assert (bought.received, bought.canceled) == (45, 3)
    assert PurchaseOrder.objects.get().status == "received"
    assert Receipt.objects.count() == 2
    assert level(setup.pk, lamp.pk) == (65, 24, 2)


def look_twice() -> None:
    for _ in range(2):
        watch_stock()
        settle()


def test_low_stock_is_told_once_ordered_by_mail_and_received_in_two_parts(
    setup: WarehouseSetup,
    lamp: Product,
    mailoutbox: list[EmailMessage],
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    manager = browser_of(make_person("manager"))

    # An order takes 20 of 20 and waits for 4 more: the lamp is low, and it is out of stock.
    order = take_order(line_draft(lamp, 24))
    settle()
    look_twice()
    (notice,) = mails_to(mailoutbox, "buyer@house.example")
    assert notice.subject == "1 product is low"
    assert "-4 to promise with 0 that arrive, reorder point 10" in notice.body
    (out,) = mails_to(mailoutbox, "vendor@vendor.example")
    assert out.subject == "1 product is out of stock"
    assert low_cases() == 1
    assert "LAMP at BER" in manager.get("/admin/exceptions/").content.decode()

    purchase = order_by_mail(manager, mailoutbox)
    assert low_cases() == 0
    receive_in_two_parts(setup, purchase, lamp, order)

    # Armed again: the next fall is told again, and nothing was told twice meanwhile.
    assert ReorderRule.objects.get().low_since is None
    assert len(mails_to(mailoutbox, "buyer@house.example")) == 1
    take_order(line_draft(lamp, 30))
    settle()
    look_twice()
    assert len(mails_to(mailoutbox, "buyer@house.example")) == 2
    assert len(mails_to(mailoutbox, "vendor@vendor.example")) == 1
    assert low_cases() == 1
