"""Sixteen clients and one product: what is sold is what there was, to the unit."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from django.db import connection, transaction

from inventory.exceptions import AlreadyBooked, InsufficientStock, NotInBin, StockBusy
from inventory.models import Allocation, Bin, Product, StockMovement, Warehouse
from inventory.services.claims import AllocationRequest, allocate, deallocate
from inventory.services.goods import BinMove, GoodsReceipt, pick, receive
from oms.core.actors import Actor
from tests.concurrency.crowd import crowd
from tests.inventory.books import assert_consistent, level

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 16
UNITS = 1_000
SHOP = Actor(label="Shop", surface="channel")


@pytest.fixture
def shelf() -> Bin:
    warehouse = Warehouse.objects.create(code="W1", title="One")
    return Bin.objects.create(warehouse=warehouse, code="A-1")


def stocked(shelf: Bin, sku: str, units: int = UNITS) -> Product:
    product = Product.objects.create(sku=sku, name=sku)
    receipt = GoodsReceipt(
        warehouse_id=shelf.warehouse_id, product_id=product.pk, bin_id=shelf.pk, quantity=units,
        idem_key=f"opening:{sku}",
    )  # fmt: skip
    receive([receipt], actor=SHOP)
    return product


def request(shelf: Bin, product: Product, quantity: int, demand_id: int) -> AllocationRequest:
    return AllocationRequest(
        warehouse_id=shelf.warehouse_id, product_id=product.pk, quantity=quantity,
        demand_kind="order_line", demand_id=demand_id,
    )  # fmt: skip


def test_sixteen_clients_sell_exactly_what_there_is(shelf: Bin) -> None:
    lamp = stocked(shelf, "LAMP")

    def sell(client: int) -> int:
        sold = 0
        for turn in itertools.count():
            quantity = 1 + (client + turn) % 7
            try:
                allocate([request(shelf, lamp, quantity, client * 10_000 + turn)], actor=SHOP)
            except InsufficientStock as short:
                if short.shortfalls[0].available == 0:
                    return sold
            else:
                sold += quantity
        raise AssertionError

    sold = crowd(CLIENTS, sell)

    assert sum(sold) == UNITS
    assert level(shelf.warehouse_id, lamp.pk) == (UNITS, UNITS, 0)
    assert sum(Allocation.objects.values_list("quantity", flat=True)) == UNITS
    assert_consistent()


def test_the_same_crowd_oversells_without_the_guard() -> None:
    """The control: the crowd is strong enough to break the habit of reading first and writing then."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE control_level (on_hand int, allocated int)")
        cursor.execute("INSERT INTO control_level VALUES (%s, 0)", [UNITS])

    def sell(_client: int) -> int:
        sold = 0
        with connection.cursor() as cursor:
            while True:
                cursor.execute("SELECT on_hand - allocated, pg_sleep(0.001) FROM control_level")
                if cursor.fetchone()[0] < 10:
                    return sold
                cursor.execute("UPDATE control_level SET allocated = allocated + 10")
                sold += 10

    try:
        sold = crowd(CLIENTS, sell)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE control_level")

    assert sum(sold) > UNITS


def test_lines_in_crossing_order_never_deadlock(shelf: Bin) -> None:
    products = [stocked(shelf, sku) for sku in ("ANT", "BEE", "CAT")]

    def sell(client: int) -> None:
        lines = products if client % 2 else products[::-1]
        for turn in range(20):
            demand = client * 1_000 + turn
            allocate([request(shelf, each, 1, demand) for each in lines], actor=SHOP)
            if turn % 4 == 0:
                back = [request(shelf, each, 1, demand) for each in reversed(lines)]
                deallocate(back, actor=SHOP)

    crowd(CLIENTS, sell)

    sold = CLIENTS * 15
    assert [level(shelf.warehouse_id, each.pk) for each in products] == [(UNITS, sold, 0)] * 3
    assert_consistent()


def test_whole_transactions_hold_their_levels_until_the_end(shelf: Bin) -> None:
    lamp = stocked(shelf, "LAMP", 100)

    def sell(client: int) -> int:
        sold = 0
        for turn in range(20):
            try:
                with transaction.atomic():
                    allocate([request(shelf, lamp, 1, client * 100 + turn)], actor=SHOP)
                    if turn % 3 == 0:
                        transaction.set_rollback(True)
            except InsufficientStock:
                continue
            sold += turn % 3 > 0
        return sold

    sold = crowd(8, sell)

    assert sum(sold) == level(shelf.warehouse_id, lamp.pk)[1] <= 100
    assert_consistent()


def test_one_key_is_booked_once_by_a_crowd(shelf: Bin) -> None:
    lamp = stocked(shelf, "LAMP")

    def take_in(_client: int) -> str:
        receipt = GoodsReceipt(
            warehouse_id=shelf.warehouse_id, product_id=lamp.pk, bin_id=shelf.pk, quantity=5,
            idem_key="same",
        )  # fmt: skip
        try:
            receive([receipt], actor=SHOP)
        except AlreadyBooked:
            return "refused"
        return "booked"

    assert Counter(crowd(8, take_in)) == {"booked": 1, "refused": 7}

    assert level(shelf.warehouse_id, lamp.pk) == (UNITS + 5, 0, 0)
    assert StockMovement.objects.filter(idem_key="same").count() == 1
    assert_consistent()


def test_the_first_goods_of_a_product_arrive_at_many_docks_at_once(shelf: Bin) -> None:
    lamp = Product.objects.create(sku="LAMP", name="Lamp")

    def take_in(client: int) -> None:
        receipt = GoodsReceipt(
            warehouse_id=shelf.warehouse_id, product_id=lamp.pk, bin_id=shelf.pk, quantity=5,
            idem_key=f"dock:{client}",
        )  # fmt: skip
        receive([receipt], actor=SHOP)

    crowd(8, take_in)

    assert level(shelf.warehouse_id, lamp.pk) == (40, 0, 0)
    assert_consistent()


def test_pickers_empty_a_bin_and_never_more(shelf: Bin) -> None:
    lamp = stocked(shelf, "LAMP", 50)
    staging = Bin.objects.create(warehouse_id=shelf.warehouse_id, code="S", kind="staging")

    def take(client: int) -> int:
        taken = 0
        for turn in range(10):
            row = BinMove(
                warehouse_id=shelf.warehouse_id, product_id=lamp.pk, bin_from_id=shelf.pk,
                bin_to_id=staging.pk, quantity=1, idem_key=f"pick:{client}:{turn}",
            )  # fmt: skip
            try:
                pick([row], actor=SHOP)
            except NotInBin:
                continue
            taken += 1
        return taken

    assert sum(crowd(8, take)) == 50
    assert_consistent()


def test_goods_that_somebody_holds_too_long_are_refused_with_a_sentence(shelf: Bin) -> None:
    lamp = stocked(shelf, "LAMP")

    def ask(_client: int) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        with pytest.raises(StockBusy) as refusal:
            allocate([request(shelf, lamp, 1, 2)], actor=SHOP)
        return str(refusal.value)

    with transaction.atomic():
        allocate([request(shelf, lamp, 1, 1)], actor=SHOP)
        answers = crowd(1, ask)

    assert answers == ["Somebody else is booking the same goods: try again."]
    assert level(shelf.warehouse_id, lamp.pk) == (UNITS, 1, 0)
