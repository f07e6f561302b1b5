"""Goods in: in parts, too many, too few, damaged, with lots and serial numbers, and undone."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from django.db import connection

from inventory.exceptions import ReceiptRefused, StockRefusal, WrongGoods
from inventory.models import (
    Lot,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    ReceiptLine,
    Supplier,
)
from inventory.services.claims import AllocationRequest, allocate
from inventory.services.goods import BinMove, move
from inventory.services.receipts import Arrived
from inventory.services.receiving import receive_purchase, undo_receipt
from oms.core.models import OutboxEvent
from tests.factories import (
    DESK,
    PICKER,
    WarehouseSetup,
    make_product,
    make_purchase_order,
    make_supplier,
    make_warehouse,
)
from tests.inventory.books import assert_consistent, books, level

pytestmark = pytest.mark.django_db


@pytest.fixture
def setup() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def lamp() -> Product:
    return make_product("LAMP")


@pytest.fixture
def supplier(lamp: Product) -> Supplier:
    return make_supplier("BRIGHT", lamp)


@pytest.fixture
def order(setup: WarehouseSetup, supplier: Supplier, lamp: Product) -> PurchaseOrder:
    return make_purchase_order(supplier, setup, (lamp, 12))


def line_of(order: PurchaseOrder) -> PurchaseOrderLine:
    return PurchaseOrderLine.objects.get(purchase_order=order)


def arrived(order: PurchaseOrder, setup: WarehouseSetup, quantity: int, **facts: object) -> Arrived:
    base = {"line_id": line_of(order).pk, "bin_id": setup.bins["A-01"].pk, "quantity": quantity}
    return Arrived(**(base | facts))  # type: ignore[arg-type]


def take(order: PurchaseOrder, *lines: Arrived, note: str = "") -> Receipt:
    return receive_purchase(order_id=order.pk, lines=lines, delivery_note=note, actor=PICKER)


def state(order: PurchaseOrder) -> tuple[str, int, int]:
    line = line_of(order)
    return PurchaseOrder.objects.get(pk=order.pk).status, line.received, line.canceled


def bins() -> list[tuple[object, ...]]:
    return [row[:2] + row[-1:] for row in books()["bins"]]


def test_an_order_is_received_in_two_parts(
    order: PurchaseOrder, setup: WarehouseSetup, lamp: Product
) -> None:
    first = take(order, arrived(order, setup, 5), note="LS-77")
    assert state(order) == ("partly_received", 5, 0)
    assert (first.number[:3], first.delivery_note, first.actor_label) == (
        "RC-",
        "LS-77",
        "Picker 1",
    )

    take(order, arrived(order, setup, 7, bin_id=setup.bins["A-02"].pk))

    assert state(order) == ("received", 12, 0)
    assert PurchaseOrder.objects.get().closed_at is not None
    assert level(setup.pk, lamp.pk) == (12, 0, 0)
    assert bins() == [("A-01", "LAMP", 5), ("A-02", "LAMP", 7)]
    topics = OutboxEvent.objects.order_by("pk").values_list("topic", flat=True)
    assert list(topics)[-2:] == ["inventory.incoming_changed", "inventory.stock_arrived"]
    assert_consistent()


def test_damaged_units_are_on_hand_but_blocked(
    order: PurchaseOrder, setup: WarehouseSetup, lamp: Product
) -> None:
    take(order, arrived(order, setup, 12, damaged=3, difference="crushed"))

    assert level(setup.pk, lamp.pk) == (12, 0, 3)
    assert bins() == [("A-01", "LAMP", 9), ("QUAR", "LAMP", 3)]
    line = ReceiptLine.objects.get()
    assert (line.quantity, line.damaged, line.difference) == (12, 3, "crushed")
    assert_consistent()


def test_damaged_units_need_a_quarantine_bin(order: PurchaseOrder, setup: WarehouseSetup) -> None:
    type(setup.bins["QUAR"]).objects.filter(pk=setup.bins["QUAR"].pk).update(is_active=False)
    before = books()

    with pytest.raises(ReceiptRefused, match="BER has no quarantine bin"):
        take(order, arrived(order, setup, 12, damaged=3))

    assert (state(order), books(), Receipt.objects.count()) == (("sent", 0, 0), before, 0)


def test_more_than_ordered_is_taken_up_to_the_suppliers_tolerance(
    order: PurchaseOrder, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    Supplier.objects.update(over_receipt_percent=10)
    before = books()

    with pytest.raises(ReceiptRefused) as refused:
        take(order, arrived(order, setup, 14, difference="too many"))
    assert str(refused.value) == (
        "LAMP: 14 came, at most 13 can be taken: 12 are outstanding and BRIGHT may deliver"
        " 10% more than ordered."
    )
    with pytest.raises(ReceiptRefused, match="LAMP: say why the delivery differs"):
        take(order, arrived(order, setup, 13))
    assert (state(order), books()) == (("sent", 0, 0), before)

    take(order, arrived(order, setup, 13, difference="a bonus"))
    assert state(order) == ("received", 13, 0)
    assert level(setup.pk, lamp.pk) == (13, 0, 0)


def test_what_is_not_coming_closes_its_line_with_a_reason(
    order: PurchaseOrder, setup: WarehouseSetup
) -> None:
    with pytest.raises(ReceiptRefused, match="say why"):
        take(order, arrived(order, setup, 9, closes=True))
    assert state(order) == ("sent", 0, 0)

    take(order, arrived(order, setup, 9, closes=True, difference="sold out"))

    assert state(order) == ("received", 9, 3)
    assert ReceiptLine.objects.get().not_coming == 3


def test_an_order_of_which_nothing_is_coming_is_canceled(
    order: PurchaseOrder, setup: WarehouseSetup, lamp: Product
) -> None:
    receipt = take(order, arrived(order, setup, 0, closes=True, difference="bankrupt"))

    assert state(order) == ("canceled", 0, 12)
    with pytest.raises(ReceiptRefused, match="is canceled"):
        undo_receipt(receipt_id=receipt.pk, actor=DESK)
    assert Receipt.objects.get().undone_at is None


def test_nothing_is_received_of_a_draft_or_of_another_order(
    order: PurchaseOrder, setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    draft = make_purchase_order(supplier, setup, (lamp, 4), sent=False)
    line = arrived(order, setup, 1)

    with pytest.raises(ReceiptRefused, match="not on its way"):
        take(draft, arrived(draft, setup, 1))
    with pytest.raises(ReceiptRefused, match="Nothing was entered"):
        take(order, arrived(order, setup, 0))
    with pytest.raises(ReceiptRefused, match="A line is not one of"):
        take(make_purchase_order(supplier, setup, (lamp, 4)), line)

    assert not Receipt.objects.exists()


def test_lots_come_with_their_expiry_date(setup: WarehouseSetup) -> None:
    milk = make_product("MILK", tracking="lot")
    order = make_purchase_order(make_supplier("DAIRY", milk), setup, (milk, 20))
    with pytest.raises(ReceiptRefused, match="MILK is tracked by lot"):
        take(order, arrived(order, setup, 5))

    expiry = date(2030, 5, 1)
    take(
        order,
        arrived(order, setup, 5, lot="L1", expiry_date=expiry),
        arrived(order, setup, 6, lot="L2"),
    )
    with pytest.raises(ReceiptRefused, match="Lot L1 of MILK is known to expire on 2030-05-01"):
        take(order, arrived(order, setup, 1, lot="L1", expiry_date=date(2031, 1, 1)))

    assert [row[2:] for row in books()["bins"]] == [("L1", None, 5), ("L2", None, 6)]
    assert state(order) == ("partly_received", 11, 0)
    assert Lot.objects.get(code="L1").expiry_date == expiry
    assert_consistent()


def test_one_date_for_a_lot_is_enough_and_two_are_refused(setup: WarehouseSetup) -> None:
    milk = make_product("MILK", tracking="lot")
    order = make_purchase_order(make_supplier("DAIRY", milk), setup, (milk, 20))
    expiry = date(2030, 5, 1)
    first = arrived(order, setup, 5, lot="L1", expiry_date=expiry)

    with pytest.raises(ReceiptRefused, match="Lot L1 of MILK is known to expire on 2030-05-01"):
        take(order, first, arrived(order, setup, 1, lot="L1", expiry_date=date(2031, 1, 1)))
    assert not Lot.objects.exists()

    take(order, first, arrived(order, setup, 2, lot="L1", bin_id=setup.bins["A-02"].pk))
    assert Lot.objects.get().expiry_date == expiry
    assert_consistent()


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"damaged": 2}, "2 of 0 units cannot be damaged"),
        ({"lot": "L1"}, "say how many units of lot L1 came"),
        ({"serials": ("S1", "S2")}, "0 units came with 2 different serial numbers"),
    ],
)
def test_what_came_without_a_quantity_is_refused_not_dropped(
    setup: WarehouseSetup, facts: dict[str, object], sentence: str
) -> None:
    phone = make_product("PHONE", tracking="serial")
    order = make_purchase_order(make_supplier("RING", phone), setup, (phone, 3))

    with pytest.raises(ReceiptRefused, match=sentence):
        take(order, arrived(order, setup, 0, **facts))

    assert (state(order), Receipt.objects.exists()) == (("sent", 0, 0), False)


def test_each_serial_number_is_a_line_of_its_own(setup: WarehouseSetup) -> None:
    phone = make_product("PHONE", tracking="serial")
    order = make_purchase_order(make_supplier("RING", phone), setup, (phone, 3))
    with pytest.raises(ReceiptRefused, match="PHONE: 3 units came with 2 different serial"):
        take(order, arrived(order, setup, 3, serials=("S1", "S2", "S2")))
    with pytest.raises(ReceiptRefused, match="none of those that came"):
        take(order, arrived(order, setup, 1, serials=("S1",), damaged_serials=("S9",)))

    take(order, arrived(order, setup, 2, serials=("S1", "S2"), damaged_serials=("S2",)))
    with pytest.raises(WrongGoods, match="Serial number S1 of PHONE is in stock already"):
        take(order, arrived(order, setup, 1, serials=("S1",)))

    assert [(row[0], row[3]) for row in books()["bins"]] == [("A-01", "S1"), ("QUAR", "S2")]
    assert state(order) == ("partly_received", 2, 0)
    assert_consistent()


def test_a_closed_bin_refuses_the_whole_receipt(
    order: PurchaseOrder, setup: WarehouseSetup
) -> None:
    before = books()
    other = make_warehouse("PAR")

    with pytest.raises(StockRefusal, match="is not in BER"):
        take(order, arrived(order, setup, 5, bin_id=other.bins["A-01"].pk))

    assert (state(order), books()) == (("sent", 0, 0), before)


def test_an_undone_receipt_leaves_stock_and_order_as_before(
    order: PurchaseOrder, setup: WarehouseSetup, lamp: Product
) -> None:
    first = take(order, arrived(order, setup, 5))
    second = take(order, arrived(order, setup, 6, damaged=2, closes=True, difference="torn"))
    assert state(order) == ("received", 11, 1)

    undo_receipt(receipt_id=second.pk, actor=DESK)
    assert state(order) == ("partly_received", 5, 0)
    assert level(setup.pk, lamp.pk) == (5, 0, 0)
    assert PurchaseOrder.objects.get().closed_at is None

    undo_receipt(receipt_id=first.pk, actor=DESK)
    assert state(order) == ("sent", 0, 0)
    assert (level(setup.pk, lamp.pk), bins()) == ((0, 0, 0), [])
    with pytest.raises(ReceiptRefused, match="was undone already"):
        undo_receipt(receipt_id=first.pk, actor=DESK)
    assert_consistent()


def test_a_receipt_whose_goods_were_moved_or_allocated_stays(
    order: PurchaseOrder, setup: WarehouseSetup, lamp: Product
) -> None:
    receipt = take(order, arrived(order, setup, 12))
    ids: dict[str, Any] = {"warehouse_id": setup.pk, "product_id": lamp.pk}
    move(
        [BinMove(**ids, bin_from_id=setup.bins["A-01"].pk, bin_to_id=setup.bins["A-02"].pk,
                 quantity=1, idem_key="m")],
        actor=PICKER,
    )  # fmt: skip
    before = books()
    with pytest.raises(ReceiptRefused, match=r"cannot be undone, .* A-01 in BER holds 11 of LAMP"):
        undo_receipt(receipt_id=receipt.pk, actor=DESK)
    assert (state(order), books()) == (("received", 12, 0), before)

    move(
        [BinMove(**ids, bin_from_id=setup.bins["A-02"].pk, bin_to_id=setup.bins["A-01"].pk,
                 quantity=1, idem_key="m2")],
        actor=PICKER,
    )  # fmt: skip
    request = AllocationRequest(**ids, quantity=1, demand_kind="order_line", demand_id=1)
    allocate([request], actor=DESK)
    with pytest.raises(ReceiptRefused, match="Allocated: 1 for order line 1"):
        undo_receipt(receipt_id=receipt.pk, actor=DESK)
    assert Receipt.objects.get().undone_at is None
    assert_consistent()


@pytest.mark.django_db(transaction=True)
def test_two_who_receive_the_same_goods_at_once_book_them_once(
    order: PurchaseOrder, setup: WarehouseSetup, lamp: Product
) -> None:
    came, start = arrived(order, setup, 12), threading.Barrier(2)
    answers: list[str] = []

    def run() -> None:
        try:
            start.wait(10)
            take(order, came)
            answers.append("booked")
        except ReceiptRefused as refused:
            answers.append(str(refused))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    number = PurchaseOrder.objects.get().number
    refusal = f"{number} is not on its way: nothing of it can be received."
    assert sorted(answers, key=len) == ["booked", refusal]
    assert level(setup.pk, lamp.pk) == (12, 0, 0)
