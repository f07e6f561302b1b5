"""Purchase orders: drafted at the supplier's conditions, sent, moved, given up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.exceptions import PurchaseRefused
from inventory.models import Product, PurchaseOrder, PurchaseOrderLine, Supplier
from inventory.services.purchase_progress import (
    cancel_purchase_order,
    cancel_rest,
    change_expected_date,
    send_purchase_order,
)
from inventory.services.purchasing import (
    WantedLine,
    add_units,
    change_head,
    change_lines,
    create_purchase_order,
)
from oms.core.exceptions import TransitionRefused
from oms.core.models import Activity, OutboxEvent
from tests.factories import (
    DESK,
    WarehouseSetup,
    make_kit,
    make_product,
    make_purchase_order,
    make_supplier,
    make_warehouse,
    sell,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def setup() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def lamp() -> Product:
    return make_product("LAMP")


@pytest.fixture
def supplier(lamp: Product) -> Supplier:
    supplier = make_supplier("BRIGHT", currency="SEK")
    sell(supplier, lamp, "12.5", part_number="BR-9", min_quantity=10, pack_quantity=6)
    return supplier


def fresh(order: PurchaseOrder) -> PurchaseOrder:
    return PurchaseOrder.objects.get(pk=order.pk)


def lines(order: PurchaseOrder) -> list[tuple[str, int, int]]:
    rows = PurchaseOrderLine.objects.filter(purchase_order=order).order_by("position")
    return list(rows.values_list("product__sku", "quantity", "canceled"))


def topics() -> list[str]:
    return list(OutboxEvent.objects.order_by("pk").values_list("topic", flat=True))


def test_a_draft_takes_the_suppliers_conditions_and_says_what_it_rounded_up(
    setup: WarehouseSetup, lamp: Product, supplier: Supplier
) -> None:
    drafted = create_purchase_order(
        supplier_id=supplier.pk,
        warehouse_id=setup.pk,
        lines=[WantedLine(lamp.pk, 7)],
        actor=DESK,
    )

    assert drafted.sentences == ["LAMP: 7 rounded up to 12 (minimum 10, packs of 6)."]
    assert (drafted.order.status, drafted.order.currency) == ("draft", "SEK")
    (line,) = PurchaseOrderLine.objects.all()
    assert (line.quantity, line.part_number, line.price) == (12, "BR-9", Decimal("12.5"))
    assert topics() == []


def test_lines_are_added_changed_and_removed_and_keep_their_places(
    setup: WarehouseSetup, lamp: Product, supplier: Supplier
) -> None:
    bulb, cord = make_product("BULB"), make_product("CORD")
    sell(supplier, bulb)
    sell(supplier, cord)
    order = make_purchase_order(supplier, setup, (lamp, 12), (bulb, 5), sent=False)

    change_lines(
        order_id=order.pk,
        lines=[WantedLine(bulb.pk, 8), WantedLine(cord.pk, 3), WantedLine(lamp.pk, 0)],
        actor=DESK,
    )
    add_units(order_id=order.pk, lines=[WantedLine(cord.pk, 4)], actor=DESK)

    assert lines(order) == [("BULB", 8, 0), ("CORD", 7, 0)]
    verbs = Activity.objects.filter(document_kind="purchaseorder").values_list("verb", flat=True)
    assert list(verbs.order_by("pk")) == ["created", *["lines changed"] * 3]


def test_a_price_agreed_by_hand_goes_before_the_list(
    setup: WarehouseSetup, supplier: Supplier
) -> None:
    rope = make_product("ROPE")
    order = make_purchase_order(supplier, setup, sent=False)

    with pytest.raises(PurchaseRefused, match="BRIGHT has no price for ROPE"):
        change_lines(order_id=order.pk, lines=[WantedLine(rope.pk, 3)], actor=DESK)
    assert lines(order) == []

    priced = [WantedLine(rope.pk, 3, Decimal("1.25"))]
    change_lines(order_id=order.pk, lines=priced, actor=DESK)
    assert PurchaseOrderLine.objects.get().price == Decimal("1.25")


def test_kits_are_not_bought(setup: WarehouseSetup, supplier: Supplier, lamp: Product) -> None:
    kit = make_kit("SET", of=[(lamp, 1)])
    order = make_purchase_order(supplier, setup, sent=False)

    with pytest.raises(PurchaseRefused, match="SET cannot be bought"):
        change_lines(order_id=order.pk, lines=[WantedLine(kit.pk, 1, Decimal(1))], actor=DESK)

    assert lines(order) == []


def test_nothing_is_bought_from_a_closed_supplier(
    setup: WarehouseSetup, supplier: Supplier
) -> None:
    Supplier.objects.update(is_active=False)

    with pytest.raises(PurchaseRefused, match="active"):
        create_purchase_order(supplier_id=supplier.pk, warehouse_id=setup.pk, actor=DESK)

    assert not PurchaseOrder.objects.exists()


def test_sending_fixes_the_date_by_the_longest_lead_time_and_announces_what_arrives(
    setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    bulb = make_product("BULB")
    sell(supplier, bulb, lead_time_days=30)
    order = make_purchase_order(supplier, setup, (lamp, 12), (bulb, 5), sent=False)

    send_purchase_order(order_id=order.pk, actor=DESK)

    sent = fresh(order)
    assert (sent.status, sent.sent_at is not None) == ("sent", True)
    assert sent.expected_date == timezone.localdate() + timedelta(days=30)
    assert topics() == ["inventory.purchase_order_sent", "inventory.incoming_changed"]
    assert OutboxEvent.objects.get(topic="inventory.incoming_changed").payload == {
        "warehouse_id": setup.pk,
        "product_ids": sorted([lamp.pk, bulb.pk]),
    }


def test_a_supplier_without_mail_is_told_by_hand(
    setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    Supplier.objects.update(email="")
    order = make_purchase_order(supplier, setup, (lamp, 12), sent=False)

    with pytest.raises(PurchaseRefused, match="BRIGHT has no e-mail for orders"):
        send_purchase_order(order_id=order.pk, actor=DESK)
    assert (fresh(order).status, topics()) == ("draft", [])

    send_purchase_order(order_id=order.pk, actor=DESK, by_hand=True)
    assert fresh(order).status == "sent"
    assert (
        OutboxEvent.objects.get(topic="inventory.purchase_order_sent").payload["by_mail"] is False
    )


def test_an_empty_order_is_not_sent_nor_any_order_twice(
    setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    empty = make_purchase_order(supplier, setup, sent=False)
    with pytest.raises(PurchaseRefused, match="Nothing stands on PO-"):
        send_purchase_order(order_id=empty.pk, actor=DESK)
    assert fresh(empty).status == "draft"

    sent = make_purchase_order(supplier, setup, (lamp, 12))
    told = len(topics())
    with pytest.raises(TransitionRefused):
        send_purchase_order(order_id=sent.pk, actor=DESK)
    with pytest.raises(PurchaseRefused, match="was sent already"):
        change_lines(order_id=sent.pk, lines=[WantedLine(lamp.pk, 60)], actor=DESK)
    assert (lines(sent), len(topics())) == ([("LAMP", 12, 0)], told)


def test_a_line_may_be_expected_on_its_own_day_until_the_order_gets_another(
    setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    order = make_purchase_order(supplier, setup, (lamp, 12))
    line = PurchaseOrderLine.objects.get()

    change_expected_date(
        order_id=order.pk, line_ids=[line.pk], expected_date=date(2030, 1, 7), actor=DESK
    )
    line.refresh_from_db()
    assert line.expected_date == date(2030, 1, 7)
    assert topics()[-1] == "inventory.incoming_changed"

    change_expected_date(order_id=order.pk, expected_date=date(2030, 2, 1), actor=DESK)
    line.refresh_from_db()
    assert line.expected_date is None
    assert fresh(order).expected_date == date(2030, 2, 1)


def test_an_order_of_which_nothing_came_is_canceled_with_its_reason(
    setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    order = make_purchase_order(supplier, setup, (lamp, 12))

    with pytest.raises(PurchaseRefused, match="Say why"):
        cancel_purchase_order(order_id=order.pk, reason=" ", actor=DESK)
    assert fresh(order).status == "sent"

    cancel_purchase_order(order_id=order.pk, reason="too dear", actor=DESK)
    assert (fresh(order).status, lines(order)) == ("canceled", [("LAMP", 12, 12)])
    with pytest.raises(PurchaseRefused, match="Nothing of PO-"):
        change_expected_date(order_id=order.pk, expected_date=date(2030, 1, 1), actor=DESK)


def test_closing_the_last_outstanding_line_cancels_an_order_of_which_nothing_came(
    setup: WarehouseSetup, supplier: Supplier, lamp: Product
) -> None:
    bulb = make_product("BULB")
    sell(supplier, bulb)
    order = make_purchase_order(supplier, setup, (lamp, 12), (bulb, 5))
    line = PurchaseOrderLine.objects.get(product=bulb)

    cancel_rest(order_id=order.pk, line_ids=[line.pk], reason="no longer made", actor=DESK)
    assert (fresh(order).status, lines(order)) == ("sent", [("LAMP", 12, 0), ("BULB", 5, 5)])

    cancel_rest(order_id=order.pk, reason="no longer made", actor=DESK)
    assert fresh(order).status == "canceled"
    with pytest.raises(PurchaseRefused, match="not on its way"):
        cancel_rest(order_id=order.pk, reason="again", actor=DESK)


def test_reference_and_note_are_kept(setup: WarehouseSetup, supplier: Supplier) -> None:
    order = make_purchase_order(supplier, setup, sent=False)

    change_head(order_id=order.pk, note="Ring twice.", supplier_reference="A-77", actor=DESK)

    kept = fresh(order)
    assert (kept.note, kept.supplier_reference) == ("Ring twice.", "A-77")


def test_reference_and_note_of_a_closed_order_stay(
    setup: WarehouseSetup, supplier: Supplier
) -> None:
    order = make_purchase_order(supplier, setup, sent=False)
    cancel_purchase_order(order_id=order.pk, reason="double", actor=DESK)

    with pytest.raises(PurchaseRefused, match="is to come any more"):
        change_head(order_id=order.pk, note="Ring twice.", supplier_reference="A-77", actor=DESK)

    assert (fresh(order).note, fresh(order).supplier_reference) == ("", "")


def test_a_product_is_named_once(setup: WarehouseSetup, supplier: Supplier, lamp: Product) -> None:
    order = make_purchase_order(supplier, setup, (lamp, 12), sent=False)

    with pytest.raises(PurchaseRefused, match="named twice"):
        change_lines(
            order_id=order.pk, lines=[WantedLine(lamp.pk, 18), WantedLine(lamp.pk, 24)], actor=DESK
        )

    assert lines(order) == [("LAMP", 12, 0)]
