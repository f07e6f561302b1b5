"""Northwind: what to order again, and what is owed when its open orders are taken in."""

from __future__ import annotations

import pytest
from django.db.models import Sum

from inventory.models import Product, PurchaseOrderLine, ReorderRule, Supplier
from inventory.selectors.suggestions import suggestions
from inventory.services.alerts import watch_stock
from inventory.services.reordering import draft_suggestions
from oms.core import invariants
from oms.core.actors import SYSTEM
from orders.models import Order, OrderLine
from orders.services.intake import take_orders
from tests.factories import (
    DESK,
    WarehouseSetup,
    add_stock,
    line_draft,
    make_customer,
    make_product,
    make_purchase_order,
    make_supplier,
    make_warehouse,
    order_draft,
    sell,
)
from tests.journeys.northwind import Goods, goods, needs_northwind, open_orders, tables, truth
from tests.relay import run_outbox

pytestmark = [pytest.mark.django_db, needs_northwind]


def stock_up(setup: WarehouseSetup, rows: list[Goods]) -> dict[int, Product]:
    """Make the products with their stock; by Northwind's number."""
    products = {each.number: make_product(each.sku, name=each.name) for each in rows}
    for each in rows:
        if each.in_stock:
            add_stock(setup, products[each.number], each.in_stock)
    return products


def buy_and_watch(setup: WarehouseSetup, rows: list[Goods], products: dict[int, Product]) -> None:
    """Let its suppliers sell the products, order what is on order, and keep its reorder levels."""
    suppliers: dict[int, Supplier] = {}
    for each in rows:
        product = products[each.number]
        known = suppliers.get(each.supplier)
        supplier = suppliers[each.supplier] = known or make_supplier(f"NW-{each.supplier}")
        sell(supplier, product, str(each.price))
        if each.on_order:
            make_purchase_order(supplier, setup, (product, each.on_order))
        ReorderRule.objects.create(
            product=product,
            warehouse=setup.warehouse,
            point=each.reorder_level,
            target=each.reorder_level * 2,
        )


def test_the_products_below_their_reorder_level_are_suggested_with_what_is_on_order() -> None:
    rows = goods(tables()["products"])
    setup = make_warehouse("NW")
    products = stock_up(setup, rows)
    buy_and_watch(setup, rows, products)
    gone = [products[each.number].pk for each in rows if each.is_discontinued]
    assert Product.objects.filter(pk__in=gone).update(is_active=False) == truth()["discontinued"]

    expected = {
        f"NW-{number}": (in_stock + on_order, level)
        for number, _name, in_stock, on_order, level in truth()["below_reorder_incl_on_order"]
    }
    assert set(expected) == {"NW-30", "NW-70"}
    found = [line for order in suggestions().orders for line in order.lines]
    assert {
        line.rule.product.sku: (line.position.position, line.rule.point) for line in found
    } == expected
    assert watch_stock(actor=SYSTEM).low == 2

    drafts = draft_suggestions(actor=DESK)

    assert len(drafts) == 2
    bought = PurchaseOrderLine.objects.filter(purchase_order__in=drafts)
    assert dict(bought.values_list("product__sku", "quantity")) == {"NW-30": 20, "NW-70": 35}
    assert suggestions().count == 0
    run_outbox()
    assert invariants.violations() == []


def test_seventeen_products_are_owed_when_the_open_orders_are_routed() -> None:
    found = tables()
    products = stock_up(make_warehouse("NW"), goods(found["products"]))
    customer = make_customer()
    waiting = open_orders(found)
    assert len(waiting) == truth()["unshipped"]

    drafts = [
        order_draft(
            *[line_draft(products[number], quantity) for number, quantity in lines],
            customer=customer,
        )
        for lines in waiting.values()
    ]
    take_orders(drafts, actor=DESK)
    run_outbox()

    lines = OrderLine.objects.filter(backordered__gt=0).values_list("product__sku")
    owed = dict(lines.annotate(units=Sum("backordered")))
    short = truth()["open_demand_exceeding_stock"]
    assert len(short) == 17
    assert owed == {f"NW-{number}": demand - stock for number, stock, demand in short}
    assert not OrderLine.objects.filter(open__gt=0).exists()
    assert not Order.objects.filter(status="placed").exists()
    assert invariants.violations() == []
