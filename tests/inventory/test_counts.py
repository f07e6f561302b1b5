from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from inventory import ports
from inventory.exceptions import (
    CountRefused,
    NothingToCount,
    StillAllocated,
    WrongGoods,
    WrongPlace,
)
from inventory.models import (
    AdjustmentReason,
    BinContent,
    CountLine,
    Lot,
    StockCount,
    StockMovement,
)
from inventory.services import claims, goods
from inventory.services.count_posting import (
    approve_count,
    cancel_count,
    finish_count,
    recount,
)
from inventory.services.counts import CountPlace, open_count, record_line
from inventory.services.goods import BinMove, GoodsReceipt
from oms.core.actors import Actor
from oms.core.exceptions import TransitionRefused
from oms.core.models import Case
from tests.inventory.books import assert_consistent, level
from tests.inventory.world import Site

Check = Callable[[], None]
ANNA, BORIS, CHIEF = (
    Actor(label=name, user_id=key, surface="warehouse")
    for key, name in enumerate(["Anna", "Boris", "Chief"], start=1)
)


@pytest.fixture(autouse=True)
def limit(db: None) -> AdjustmentReason:
    """Differences of up to two units and 20.00 are booked at once."""
    reason, _ = AdjustmentReason.objects.update_or_create(
        code="count", defaults={"title": "Count", "limit_units": 2, "limit_amount": Decimal(20)}
    )
    return reason


@pytest.fixture
def resolver() -> Iterator[list[dict[str, Any]]]:
    """Somebody above who takes allocations back, as fulfillment does."""
    asked: list[dict[str, Any]] = []

    def take_back(
        *,
        warehouse_id: int,
        shortages: Mapping[int, int],
        booked_next: Collection[int],
        actor: Actor,
    ) -> Mapping[int, int]:
        asked.extend({"product": pk, "units": units} for pk, units in shortages.items())
        requests = [
            claims.AllocationRequest(
                warehouse_id=warehouse_id, product_id=pk, quantity=units,
                demand_kind="order_line", demand_id=1,
            )
            for pk, units in shortages.items()
        ]  # fmt: skip
        claims.deallocate(requests, actor=actor)
        return shortages

    before = list(ports._shortage_resolvers)
    ports._shortage_resolvers[:] = [take_back]
    yield asked
    ports._shortage_resolvers[:] = before


def opened(site: Site, **facts: Any) -> StockCount:
    facts = {"origin": "demand", "reason": "asked", "actor": CHIEF} | facts
    if not facts.keys() & {"places", "bin_ids", "product_ids"}:
        facts["product_ids"] = [site.lamp.pk]
    return open_count(warehouse_id=site.north.pk, **facts)


def lamps_at(site: Site, bin_id: int | None = None) -> CountPlace:
    return CountPlace(bin_id=bin_id or site.shelf.pk, product_id=site.lamp.pk)


def counted(count: StockCount, place: CountPlace, units: int, actor: Actor = ANNA) -> CountLine:
    return record_line(count_id=count.pk, place=place, counted=units, actor=actor)


def status_of(count: StockCount) -> str:
    return StockCount.objects.get(pk=count.pk).status


def lost(site: Site, units: int) -> None:
    """A short pick: the units go to the missing bin."""
    move = BinMove(
        **site.ids(), bin_from_id=site.shelf.pk, bin_to_id=site.missing.pk, quantity=units,
        idem_key=f"lost:{units}", reason="short pick",
    )  # fmt: skip
    goods.block([move], actor=ANNA)


def test_a_count_of_a_product_lists_every_place_where_it_lies(site: Site) -> None:
    move = BinMove(
        **site.ids(), bin_from_id=site.shelf.pk, bin_to_id=site.shelf_2.pk, quantity=5, idem_key="m"
    )
    goods.move([move], actor=ANNA)

    count = opened(site)

    assert list(count.lines.values_list("bin__code", "counted", "expected")) == [
        ("A-1", None, None),
        ("A-2", None, None),
    ]
    assert count.number.startswith("CN-")


def test_a_place_that_is_asked_for_already_is_not_asked_for_twice(site: Site) -> None:
    first = opened(site)
    second = opened(site, origin="shortage", reason="short pick")

    assert second.pk == first.pk
    assert CountLine.objects.count() == 1


def test_the_same_cause_joins_the_open_count(site: Site) -> None:
    first = opened(site, origin="shortage", reason="short pick")
    place = CountPlace(bin_id=site.shelf_2.pk, product_id=site.lamp.pk)
    second = opened(site, origin="shortage", reason="short pick", places=[place])
    third = opened(
        site,
        places=[CountPlace(bin_id=site.shelf_2.pk, product_id=site.milk.pk, lot_id=site.lot.pk)],
    )

    assert second.pk == first.pk
    assert first.lines.count() == 2
    assert third.pk != first.pk


def test_opening_refuses_what_names_no_place(site: Site) -> None:
    with pytest.raises(NothingToCount):
        opened(site, product_ids=[site.phone.pk])
    with pytest.raises(WrongPlace):
        opened(site, bin_ids=[site.south_shelf.pk])

    assert StockCount.objects.count() == 0


def test_a_small_difference_is_booked_when_the_count_is_finished(site: Site) -> None:
    count = opened(site)
    counted(count, lamps_at(site), 18)

    finish_count(count_id=count.pk, actor=ANNA)

    assert status_of(count) == "posted"
    assert level(site.north.pk, site.lamp.pk) == (18, 0, 0)
    movement = StockMovement.objects.get(document=count.number)
    assert (movement.kind, movement.on_hand_delta, movement.reason) == ("adjust", -2, "count")
    assert_consistent()


def test_what_is_picked_after_the_count_makes_no_difference(site: Site) -> None:
    count = opened(site)
    counted(count, lamps_at(site), 19)
    site.allocate(6)
    pick = BinMove(
        **site.ids(), bin_from_id=site.shelf.pk, bin_to_id=site.staging.pk, quantity=6,
        idem_key="pick", demand_kind="order_line", demand_id=1,
    )  # fmt: skip
    goods.pick([pick], actor=BORIS)

    finish_count(count_id=count.pk, actor=ANNA)

    assert level(site.north.pk, site.lamp.pk) == (19, 6, 0)
    assert BinContent.objects.get(bin=site.shelf).quantity == 13
    assert_consistent()


def test_a_large_difference_wants_a_second_count_by_somebody_else(
    site: Site, unchanged: Check
) -> None:
    unchanged()
    count = opened(site)
    line = counted(count, lamps_at(site), 10)

    assert (line.needs_second, line.first_counted, line.counted) == (True, 10, None)
    with pytest.raises(CountRefused, match="somebody else"):
        counted(count, lamps_at(site), 20)
    with pytest.raises(CountRefused, match="1 place is not counted"):
        finish_count(count_id=count.pk, actor=ANNA)
    second = counted(count, lamps_at(site), 20, BORIS)
    finish_count(count_id=count.pk, actor=BORIS)

    assert (second.counted, second.expected, second.first_counted) == (20, 20, 10)
    assert status_of(count) == "posted"
    unchanged()


def test_the_value_at_cost_is_a_limit_too(site: Site) -> None:
    site.lamp.cost = Decimal("20.01")
    site.lamp.save()
    count = opened(site)

    assert counted(count, lamps_at(site), 19).needs_second


def test_a_large_difference_waits_for_an_approval(site: Site, unchanged: Check) -> None:
    unchanged()
    count = opened(site)
    counted(count, lamps_at(site), 10)
    counted(count, lamps_at(site), 10, BORIS)

    finish_count(count_id=count.pk, actor=BORIS)

    assert status_of(count) == "review"
    unchanged()
    case = Case.objects.get(dedupe_key=f"count_review:{count.pk}")
    assert "-10 LAMP in A-1" in case.sentence

    approve_count(count_id=count.pk, actor=CHIEF)

    assert status_of(count) == "posted"
    assert level(site.north.pk, site.lamp.pk) == (10, 0, 0)
    assert not Case.objects.filter(closed_at=None).exists()
    assert_consistent()


def test_a_count_is_approved_once(site: Site) -> None:
    count = opened(site)
    counted(count, lamps_at(site), 10)
    counted(count, lamps_at(site), 10, BORIS)
    finish_count(count_id=count.pk, actor=BORIS)
    approve_count(count_id=count.pk, actor=CHIEF)

    with pytest.raises(CountRefused):
        approve_count(count_id=count.pk, actor=CHIEF)

    assert level(site.north.pk, site.lamp.pk) == (10, 0, 0)


def test_a_count_goes_back_to_the_floor(site: Site, unchanged: Check) -> None:
    unchanged()
    count = opened(site)
    counted(count, lamps_at(site), 10)
    counted(count, lamps_at(site), 12, BORIS)
    finish_count(count_id=count.pk, actor=BORIS)

    recount(count_id=count.pk, actor=CHIEF, note="look behind the pillar")

    line = count.lines.get()
    assert (status_of(count), line.counted, line.first_counted) == ("open", None, 12)
    with pytest.raises(CountRefused, match="somebody else"):
        counted(count, lamps_at(site), 20, BORIS)
    counted(count, lamps_at(site), 20, CHIEF)
    finish_count(count_id=count.pk, actor=CHIEF)
    assert status_of(count) == "posted"
    unchanged()


def test_unexpected_goods_get_a_line(site: Site) -> None:
    count = opened(site)
    counted(count, lamps_at(site), 20)
    counted(count, lamps_at(site, site.shelf_2.pk), 2)

    finish_count(count_id=count.pk, actor=ANNA)

    assert level(site.north.pk, site.lamp.pk) == (22, 0, 0)
    assert_consistent()


def test_what_cannot_lie_there_is_refused(site: Site) -> None:
    count = opened(site)
    foreign = Lot.objects.create(product=site.milk, code="L9")
    wrong: list[tuple[CountPlace, int, type[Exception]]] = [
        (lamps_at(site), -1, CountRefused),
        (lamps_at(site, site.south_shelf.pk), 1, WrongPlace),
        (CountPlace(bin_id=site.shelf.pk, product_id=site.kit.pk), 1, WrongGoods),
        (CountPlace(bin_id=site.shelf.pk, product_id=site.milk.pk), 1, WrongGoods),
        (CountPlace(bin_id=site.shelf.pk, product_id=site.phone.pk), 1, WrongGoods),
        (CountPlace(bin_id=site.shelf.pk, product_id=site.phone.pk, serial="S"), 2, CountRefused),
        (
            CountPlace(bin_id=site.shelf.pk, product_id=site.lamp.pk, lot_id=foreign.pk),
            1,
            WrongGoods,
        ),
    ]
    for place, units, refusal in wrong:
        with pytest.raises(refusal):
            counted(count, place, units)

    assert count.lines.count() == 1
    assert count.lines.get().counted is None


def test_serial_numbers_are_counted_one_by_one(site: Site) -> None:
    receipt = GoodsReceipt(
        **site.ids(site.phone), bin_id=site.shelf.pk, quantity=1, idem_key="s", serial="SN-1"
    )
    goods.receive([receipt], actor=ANNA)
    count = opened(site, product_ids=[site.phone.pk])
    known, new = (
        CountPlace(bin_id=site.shelf.pk, product_id=site.phone.pk, serial=serial)
        for serial in ("SN-1", "SN-2")
    )
    counted(count, known, 0)
    counted(count, new, 1)

    finish_count(count_id=count.pk, actor=ANNA)

    lying = BinContent.objects.filter(product=site.phone, quantity__gt=0)
    assert list(lying.values_list("serial", flat=True)) == ["SN-2"]
    assert_consistent()


def test_a_count_after_a_short_pick_gives_back_what_turns_up_and_writes_off_the_rest(
    site: Site,
) -> None:
    lost(site, 3)
    count = opened(site, origin="shortage", reason="short pick", places=[lamps_at(site)])
    counted(count, lamps_at(site), 19)

    finish_count(count_id=count.pk, actor=ANNA)

    assert status_of(count) == "posted"
    assert level(site.north.pk, site.lamp.pk) == (19, 0, 0)
    kinds = StockMovement.objects.filter(document=count.number).order_by("id")
    assert list(kinds.values_list("kind", "quantity")) == [("unblock", 2), ("adjust", 1)]
    assert_consistent()


def test_many_missing_units_are_written_off_after_an_approval_by_somebody_else(
    site: Site, unchanged: Check
) -> None:
    lost(site, 5)
    unchanged()
    count = opened(site, origin="shortage", reason="short pick", places=[lamps_at(site)])
    counted(count, lamps_at(site), 15)
    finish_count(count_id=count.pk, actor=ANNA)

    assert status_of(count) == "review"
    with pytest.raises(CountRefused, match="You alone"):
        approve_count(count_id=count.pk, actor=ANNA)
    unchanged()
    approve_count(count_id=count.pk, actor=CHIEF)

    assert level(site.north.pk, site.lamp.pk) == (15, 0, 0)
    assert_consistent()


def test_fewer_than_allocated_is_refused_and_names_the_demands(
    site: Site, unchanged: Check
) -> None:
    site.allocate(20)
    unchanged()
    count = opened(site)
    counted(count, lamps_at(site), 18)

    with pytest.raises(StillAllocated, match="20 for order line 1"):
        finish_count(count_id=count.pk, actor=ANNA)

    assert status_of(count) == "open"
    unchanged()


def test_the_allocations_are_taken_back_in_the_same_transaction(
    site: Site, resolver: list[dict[str, Any]]
) -> None:
    site.allocate(19)
    count = opened(site)
    counted(count, lamps_at(site), 18)

    finish_count(count_id=count.pk, actor=ANNA, take_back=True)

    assert resolver == [{"product": site.lamp.pk, "units": 1}]
    assert level(site.north.pk, site.lamp.pk) == (18, 18, 0)
    assert_consistent()


def test_a_canceled_count_books_nothing(site: Site, unchanged: Check) -> None:
    unchanged()
    count = opened(site)
    counted(count, lamps_at(site), 19)

    cancel_count(count_id=count.pk, actor=CHIEF, note="not today")

    assert status_of(count) == "canceled"
    with pytest.raises(CountRefused):
        counted(count, lamps_at(site), 19)
    with pytest.raises(TransitionRefused):
        cancel_count(count_id=count.pk, actor=CHIEF)
    unchanged()
