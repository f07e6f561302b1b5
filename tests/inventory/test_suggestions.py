"""Computed rules, and suggestions that become one draft for each supplier."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.exceptions import PurchaseRefused
from inventory.models import (
    MovementKind,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    ReorderRule,
    SupplierProduct,
)
from inventory.reordering import Day
from inventory.selectors.demand import shipped_days
from inventory.selectors.suggestions import suggestions
from inventory.services.past_movements import PastMovement, keep_movements
from inventory.services.purchase_progress import send_purchase_order
from inventory.services.reordering import (
    RuleTerms,
    compute_rules,
    create_rules,
    draft_suggestions,
)
from tests.factories import (
    DESK,
    WarehouseSetup,
    add_stock,
    make_kit,
    make_product,
    make_supplier,
    make_warehouse,
    sell,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 1)


@pytest.fixture
def setup() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def lamp() -> Product:
    return make_product("LAMP")


def rule(setup: WarehouseSetup, product: Product, point: int, target: int) -> ReorderRule:
    return ReorderRule.objects.create(
        product=product, warehouse=setup.warehouse, point=point, target=target
    )


def past(setup: WarehouseSetup, product: Product, *moves: tuple[int, int]) -> None:
    """Keep a history of (days before today, units): received above 0, shipped below."""
    keep_movements(
        [
            PastMovement(
                kind=MovementKind.RECEIVE if units > 0 else MovementKind.SHIP,
                warehouse_id=setup.pk,
                product_id=product.pk,
                bin_id=setup.bins["A-01"].pk,
                quantity=units,
                at=datetime.combine(TODAY, datetime.min.time(), UTC)
                - timedelta(days=back)
                + timedelta(hours=12),
            )
            for back, units in moves
        ],
        actor=DESK,
    )


def drafts() -> list[tuple[str, str, int]]:
    lines = PurchaseOrderLine.objects.filter(purchase_order__status="draft")
    rows = lines.order_by("purchase_order__supplier__code", "position")
    return list(rows.values_list("purchase_order__supplier__code", "product__sku", "quantity"))


def test_the_days_are_read_off_the_ledger(setup: WarehouseSetup, lamp: Product) -> None:
    past(setup, lamp, (20, 9), (5, -4), (3, -5), (1, 6))

    days = shipped_days([(setup.pk, lamp.pk)], until=TODAY, days=6)[setup.pk, lamp.pk]

    # Sold out in the course of the fourth day, back on the last.
    assert days == [Day(0), Day(4), Day(0), Day(5), Day(0, was_available=False), Day(0)]


def test_a_rule_is_computed_from_ninety_days_and_the_suppliers_lead_time(
    setup: WarehouseSetup, lamp: Product
) -> None:
    sell(make_supplier("BRIGHT", lead_time_days=30), lamp, lead_time_days=10)
    past(setup, lamp, (200, 1000), *((back, -6) for back in range(91, 0, -1)))

    made = create_rules(
        warehouse_id=setup.pk, product_ids=[lamp.pk], terms=RuleTerms(), actor=DESK, today=TODAY
    )

    assert made == 1
    computed = ReorderRule.objects.get()
    assert (computed.point, computed.target, computed.daily_demand) == (60, 240, Decimal(6))
    assert computed.computed_at is not None


def test_young_products_and_those_that_nobody_sells_keep_their_numbers(
    setup: WarehouseSetup, lamp: Product
) -> None:
    young = make_product("YOUNG")
    make_supplier("BRIGHT", young)
    past(setup, young, (10, 100), *((back, -1) for back in range(9, 0, -1)))
    past(setup, lamp, (200, 1000), *((back, -6) for back in range(90, 0, -1)))
    for product in (young, lamp):
        rule(setup, product, 7, 9)
    ReorderRule.objects.update(method="computed")

    assert compute_rules(today=TODAY, actor=DESK) == 0

    assert set(ReorderRule.objects.values_list("point", "target", "computed_at")) == {(7, 9, None)}


def test_rules_by_hand_are_left_alone_and_rules_that_exist_are_kept(
    setup: WarehouseSetup, lamp: Product
) -> None:
    make_supplier("BRIGHT", lamp)
    past(setup, lamp, (200, 1000), *((back, -6) for back in range(90, 0, -1)))
    rule(setup, lamp, 3, 5)
    kit = make_kit("SET", of=[(lamp, 1)])

    made = create_rules(
        warehouse_id=setup.pk,
        product_ids=[lamp.pk, kit.pk],
        terms=RuleTerms(),
        actor=DESK,
        today=TODAY,
    )
    compute_rules(today=TODAY, actor=DESK)

    assert made == 0
    assert list(ReorderRule.objects.values_list("product__sku", "point", "target")) == [
        ("LAMP", 3, 5)
    ]


def test_a_target_below_the_point_is_refused(setup: WarehouseSetup, lamp: Product) -> None:
    terms = RuleTerms(method="hand", point=9, target=3)

    with pytest.raises(PurchaseRefused, match="at or above"):
        create_rules(
            warehouse_id=setup.pk, product_ids=[lamp.pk], terms=terms, actor=DESK, today=TODAY
        )

    assert not ReorderRule.objects.exists()


def test_computing_takes_as_many_statements_for_one_rule_as_for_many(
    setup: WarehouseSetup,
) -> None:
    supplier = make_supplier("BRIGHT")

    def compute(count: int) -> int:
        ReorderRule.objects.all().delete()
        for _ in range(count):
            product = make_product()
            sell(supplier, product)
            past(setup, product, (60, 100), (40, -1))
            rule(setup, product, 0, 0)
        ReorderRule.objects.update(method="computed")
        with CaptureQueriesContext(connection) as captured:
            assert compute_rules(today=TODAY, actor=DESK) == count
        return len(captured)

    assert compute(1) == compute(8)


def test_the_preferred_supplier_goes_first_and_then_the_cheapest(
    setup: WarehouseSetup, lamp: Product
) -> None:
    bulb = make_product("BULB")
    cheap, dear = make_supplier("CHEAP"), make_supplier("DEAR")
    for product in (lamp, bulb):
        rule(setup, product, 10, 40)
        sell(cheap, product, "2.00", pack_quantity=25)
        sell(dear, product, "3.00")
    SupplierProduct.objects.filter(supplier=dear, product=lamp).update(is_preferred=True)

    found = suggestions().orders

    assert [
        (order.supplier.code, [(each.rule.product.sku, each.quantity) for each in order.lines])
        for order in found
    ] == [("CHEAP", [("BULB", 50)]), ("DEAR", [("LAMP", 40)])]
    assert [order.amount for order in found] == [Decimal("100.00"), Decimal("120.00")]


def test_an_order_below_the_suppliers_minimum_says_how_much_is_missing(
    setup: WarehouseSetup, lamp: Product
) -> None:
    sell(make_supplier("BRIGHT", min_order_amount=Decimal(500)), lamp, "3.00")
    rule(setup, lamp, 10, 40)

    (order,) = suggestions().orders

    assert (order.amount, order.missing_amount) == (Decimal("120.00"), Decimal("380.00"))


def test_products_that_nobody_sells_are_named_and_not_ordered(
    setup: WarehouseSetup, lamp: Product
) -> None:
    rule(setup, lamp, 10, 40)

    found = suggestions()

    assert (found.orders, [each.rule.product.sku for each in found.without_supplier]) == (
        [],
        ["LAMP"],
    )
    assert draft_suggestions(actor=DESK) == []


def test_suggestions_become_one_draft_for_each_supplier_once(
    setup: WarehouseSetup, lamp: Product
) -> None:
    bulb, cord = make_product("BULB"), make_product("CORD")
    make_supplier("BRIGHT", lamp, bulb)
    make_supplier("CORDS", cord)
    for product in (lamp, bulb, cord):
        rule(setup, product, 10, 40)
        add_stock(setup, product, 4)

    made = draft_suggestions(actor=DESK)

    assert [(order.supplier.code, order.origin) for order in made] == [
        ("BRIGHT", "suggestion"),
        ("CORDS", "suggestion"),
    ]
    expected = [("BRIGHT", "BULB", 36), ("BRIGHT", "LAMP", 36), ("CORDS", "CORD", 36)]
    assert drafts() == expected
    assert draft_suggestions(actor=DESK) == []
    assert (drafts(), suggestions().count) == (expected, 0)


def test_a_later_need_joins_the_draft_and_a_sent_order_is_not_touched(
    setup: WarehouseSetup, lamp: Product
) -> None:
    bulb = make_product("BULB")
    make_supplier("BRIGHT", lamp, bulb)
    lamps = rule(setup, lamp, 10, 40)
    (first,) = draft_suggestions(actor=DESK)
    rule(setup, bulb, 5, 20)
    ReorderRule.objects.filter(pk=lamps.pk).update(point=45, target=50)

    (same,) = draft_suggestions(actor=DESK)
    assert (same.pk, drafts()) == (first.pk, [("BRIGHT", "LAMP", 50), ("BRIGHT", "BULB", 20)])

    send_purchase_order(order_id=first.pk, actor=DESK)
    ReorderRule.objects.filter(pk=lamps.pk).update(point=60, target=60)
    (other,) = draft_suggestions(actor=DESK)
    assert other.pk != first.pk
    assert drafts() == [("BRIGHT", "LAMP", 10)]


def test_only_one_supplier_or_warehouse_may_be_drafted(
    setup: WarehouseSetup, lamp: Product
) -> None:
    bulb, paris = make_product("BULB"), make_warehouse("PAR")
    make_supplier("BRIGHT", lamp)
    make_supplier("OTHER", bulb)
    rule(setup, lamp, 10, 40)
    rule(setup, bulb, 10, 40)
    rule(paris, lamp, 10, 20)

    draft_suggestions(actor=DESK, supplier="BRIGHT", warehouse="PAR")
    assert drafts() == [("BRIGHT", "LAMP", 20)]

    draft_suggestions(actor=DESK)
    rows = PurchaseOrder.objects.order_by("pk").values_list("supplier__code", "warehouse__code")
    assert list(rows) == [("BRIGHT", "PAR"), ("BRIGHT", "BER"), ("OTHER", "BER")]


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_draft_once(setup: WarehouseSetup, lamp: Product) -> None:
    make_supplier("BRIGHT", lamp)
    rule(setup, lamp, 10, 40)
    start = threading.Barrier(4)

    def run() -> None:
        try:
            start.wait(10)
            draft_suggestions(actor=DESK)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert drafts() == [("BRIGHT", "LAMP", 40)]
    assert PurchaseOrder.objects.count() == 1
