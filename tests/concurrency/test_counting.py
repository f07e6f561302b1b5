"""People count a shelf while others pick from it: every difference is booked once, as it was seen."""

from __future__ import annotations

import itertools

import pytest
from django.db.models import Sum

from inventory.models import (
    AdjustmentReason,
    Bin,
    BinContent,
    CountLine,
    Product,
    StockCount,
    StockMovement,
    Warehouse,
)
from inventory.services.count_posting import finish_count
from inventory.services.counts import CountPlace, open_count, record_line
from inventory.services.goods import BinMove, GoodsReceipt, pick, receive
from oms.core.actors import Actor
from tests.concurrency.crowd import crowd
from tests.inventory.books import assert_consistent, level

pytestmark = pytest.mark.django_db(transaction=True)

PICKERS, COUNTERS = 4, 2
PICKS, COUNTS = 40, 15
UNITS = 1_000
FLOOR = Actor(label="Floor", surface="warehouse")


@pytest.fixture
def shelf() -> Bin:
    limits = {"title": "Count", "limit_amount": None, "limit_units": None}
    AdjustmentReason.objects.update_or_create(code="count", defaults=limits)
    warehouse = Warehouse.objects.create(code="W1", title="One")
    return Bin.objects.create(warehouse=warehouse, code="A-1")


def test_counting_while_others_pick_books_each_difference_once(shelf: Bin) -> None:
    stage = Bin.objects.create(warehouse=shelf.warehouse, code="STAGE", kind=Bin.Kind.STAGING)
    lamp = Product.objects.create(sku="LAMP", name="Lamp")
    ids = {"warehouse_id": shelf.warehouse_id, "product_id": lamp.pk}
    opening = GoodsReceipt(**ids, bin_id=shelf.pk, quantity=UNITS, idem_key="opening")
    receive([opening], actor=FLOOR)
    place = CountPlace(bin_id=shelf.pk, product_id=lamp.pk)

    def pick_some(client: int) -> None:
        for turn in range(PICKS):
            move = BinMove(
                **ids, bin_from_id=shelf.pk, bin_to_id=stage.pk, quantity=1,
                idem_key=f"pick:{client}:{turn}",
            )  # fmt: skip
            pick([move], actor=FLOOR)

    def count_some(client: int) -> None:
        for turn in range(COUNTS):
            count = open_count(
                warehouse_id=shelf.warehouse_id, origin="demand", reason=f"{client}:{turn}",
                places=[place], actor=FLOOR,
            )  # fmt: skip
            if count.reason != f"{client}:{turn}":
                continue  # the place stands on somebody else's list
            lies = BinContent.objects.get(bin=shelf, product=lamp).quantity
            record_line(count_id=count.pk, place=place, counted=lies, actor=FLOOR)
            finish_count(count_id=count.pk, actor=FLOOR)

    def work(client: int) -> None:
        (pick_some if client < PICKERS else count_some)(client)

    crowd(PICKERS + COUNTERS, work)

    seen = differences_seen()
    corrections = StockMovement.objects.filter(reason="count")
    assert corrections.aggregate(total=Sum("on_hand_delta", default=0))["total"] == seen
    assert level(shelf.warehouse_id, lamp.pk)[0] == UNITS + seen
    assert BinContent.objects.get(bin=stage, product=lamp).quantity == PICKERS * PICKS
    assert_consistent()


def differences_seen() -> int:
    """What all counts together found more or fewer; each of them is posted."""
    assert not StockCount.objects.exclude(status="posted").exists()
    lines = CountLine.objects.values_list("counted", "expected")
    return sum((counted or 0) - (expected or 0) for counted, expected in lines)


def test_a_place_stands_on_one_list_however_many_ask_at_once(shelf: Bin) -> None:
    lamp = Product.objects.create(sku="LAMP", name="Lamp")
    place = CountPlace(bin_id=shelf.pk, product_id=lamp.pk)
    numbers = itertools.count()

    def ask(client: int) -> int:
        return open_count(
            warehouse_id=shelf.warehouse_id, origin="shortage", reason=f"{next(numbers)}",
            places=[place], actor=FLOOR,
        ).pk  # fmt: skip

    assert len(set(crowd(8, ask))) == 1
    assert StockCount.objects.get().lines.count() == 1
    assert_consistent()
