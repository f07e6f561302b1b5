from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from inventory.expiry import is_sellable, last_day_to_sell
from inventory.models import BinContent, Lot, StockMovement
from inventory.selectors.bins import bins_to_pick
from inventory.services import goods
from inventory.services.claims import AllocationRequest, allocate, deallocate
from inventory.services.expired import clear_expired
from inventory.services.goods import GoodsReceipt
from oms.core.actors import SYSTEM
from oms.core.models import Case
from tests.inventory.books import assert_consistent, level
from tests.inventory.world import PICKER, Site

Check = Callable[[], None]
TODAY = date(2026, 6, 10)


def test_a_lot_is_sold_until_its_last_day() -> None:
    assert is_sellable(TODAY, TODAY)
    assert not is_sellable(TODAY, TODAY + timedelta(days=1))
    assert is_sellable(None, TODAY)


def test_a_product_may_ask_for_days_to_go() -> None:
    expiry = date(2026, 1, 31)

    assert last_day_to_sell(expiry, 30) == date(2026, 1, 1)
    assert is_sellable(expiry, date(2026, 1, 1), 30)
    assert not is_sellable(expiry, date(2026, 1, 2), 30)
    assert last_day_to_sell(None, 30) is None


def stock_lot(site: Site, code: str, expiry: date | None, units: int) -> Lot:
    lot = Lot.objects.create(product=site.milk, code=code, expiry_date=expiry)
    receipt = GoodsReceipt(
        **site.ids(site.milk), bin_id=site.shelf.pk, quantity=units, lot_id=lot.pk, idem_key=code
    )
    goods.receive([receipt], actor=PICKER)
    return lot


@pytest.mark.parametrize("days_left", [0, 3])
def test_the_database_knows_the_same_rule(site: Site, days_left: int) -> None:
    site.milk.expiry_days_left = days_left
    site.milk.save()
    dates = [None, *(TODAY + timedelta(days=n) for n in range(-1, 6))]
    lots = [stock_lot(site, f"X{i}", each, 1) for i, each in enumerate(dates)]

    found = bins_to_pick([site.north.pk], [site.milk.pk], today=TODAY)

    picked = [x.lot_id for x in found[site.north.pk, site.milk.pk]]
    sellable = [lot.pk for lot in lots if is_sellable(lot.expiry_date, TODAY, days_left)]
    assert sorted(key or 0 for key in picked) == sellable
    assert picked[-1] == lots[0].pk


def held(site: Site, units: int) -> AllocationRequest:
    return AllocationRequest(
        **site.ids(site.milk), quantity=units, demand_kind="order_line", demand_id=7
    )


def test_expired_units_that_nobody_holds_go_to_quarantine(site: Site) -> None:
    stock_lot(site, "OLD", TODAY - timedelta(days=1), 5)
    stock_lot(site, "NEW", TODAY + timedelta(days=90), 4)

    assert clear_expired(today=TODAY, actor=SYSTEM) == 5
    assert clear_expired(today=TODAY, actor=SYSTEM) == 0

    assert level(site.north.pk, site.milk.pk) == (9, 0, 5)
    assert BinContent.objects.get(bin=site.quarantine, quantity__gt=0).lot_id
    movement = StockMovement.objects.get(reason="expired")
    assert (movement.kind, movement.quantity, movement.note) == ("block", 5, "OLD")
    assert "5 expired units are in quarantine" in Case.objects.get(closed_at=None).sentence
    assert_consistent()


def test_allocations_rest_on_what_is_sellable_first(site: Site) -> None:
    stock_lot(site, "OLD", TODAY - timedelta(days=1), 5)
    stock_lot(site, "NEW", TODAY + timedelta(days=90), 4)
    allocate([held(site, 3)], actor=PICKER)

    assert clear_expired(today=TODAY, actor=SYSTEM) == 5

    assert level(site.north.pk, site.milk.pk) == (9, 3, 5)


def test_expired_units_that_are_promised_make_a_case_that_says_to_whom(
    site: Site, unchanged: Check
) -> None:
    stock_lot(site, "OLD", TODAY - timedelta(days=1), 5)
    allocate([held(site, 5)], actor=PICKER)
    unchanged()

    assert clear_expired(today=TODAY, actor=SYSTEM) == 0

    unchanged()
    case = Case.objects.get(closed_at=None)
    assert "5 expired units are still promised to order line 7" in case.sentence
    deallocate([held(site, 5)], actor=PICKER)
    assert clear_expired(today=TODAY, actor=SYSTEM) == 5
    case = Case.objects.get(pk=case.pk)
    assert case.closed_at is not None
    assert_consistent()
