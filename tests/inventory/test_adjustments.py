from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from inventory.exceptions import (
    AdjustmentRefused,
    NotInBin,
    StillAllocated,
    WrongGoods,
    WrongPlace,
)
from inventory.models import AdjustmentReason, StockAdjustment, StockMovement
from inventory.services.adjustments import (
    approve_adjustment,
    decline_adjustment,
    request_adjustment,
    reverse_adjustment,
)
from oms.core.actors import Actor
from oms.core.exceptions import TransitionRefused
from oms.core.models import Case, User
from tests.inventory.books import assert_consistent, level
from tests.inventory.world import Site

Check = Callable[[], None]


@pytest.fixture
def anna(site: Site) -> Actor:
    return Actor.of(User.objects.create(username="anna"))


@pytest.fixture
def boris(site: Site) -> Actor:
    return Actor.of(User.objects.create(username="boris"))


@pytest.fixture(autouse=True)
def reason(site: Site) -> AdjustmentReason:
    """Damaged goods are free up to 50.00; a lamp costs 10.00."""
    site.lamp.cost = Decimal(10)
    site.lamp.save()
    return AdjustmentReason.objects.update_or_create(
        code="damaged", defaults={"title": "Damaged", "limit_amount": Decimal(50)}
    )[0]


def asked(site: Site, delta: int, actor: Actor, **facts: Any) -> StockAdjustment:
    facts = site.ids() | {"bin_id": site.shelf.pk, "reason_code": "damaged"} | facts
    return request_adjustment(delta=delta, actor=actor, **facts)


def test_a_correction_below_the_limit_is_booked_at_once(site: Site, anna: Actor) -> None:
    done = asked(site, -5, anna, note="wet")

    assert (done.status, done.amount, done.decided_by) == ("posted", Decimal(-50), "anna")
    assert level(site.north.pk, site.lamp.pk) == (15, 0, 0)
    movement = StockMovement.objects.get(document=done.number)
    assert (movement.kind, movement.reason, movement.note) == ("adjust", "damaged", "wet")
    assert_consistent()


def test_a_correction_above_the_limit_waits_for_somebody_else(
    site: Site, anna: Actor, boris: Actor, unchanged: Check
) -> None:
    unchanged()
    waiting = asked(site, -6, anna)

    assert waiting.status == "pending"
    unchanged()
    assert "-6 of LAMP in A-1" in Case.objects.get(closed_at=None).sentence
    with pytest.raises(AdjustmentRefused, match="somebody else"):
        approve_adjustment(adjustment_id=waiting.pk, actor=anna)
    unchanged()

    approve_adjustment(adjustment_id=waiting.pk, actor=boris)

    assert level(site.north.pk, site.lamp.pk) == (14, 0, 0)
    assert not Case.objects.filter(closed_at=None).exists()
    with pytest.raises(TransitionRefused):
        approve_adjustment(adjustment_id=waiting.pk, actor=boris)
    assert_consistent()


def test_a_declined_correction_is_not_booked(
    site: Site, anna: Actor, boris: Actor, unchanged: Check
) -> None:
    unchanged()
    waiting = asked(site, 60, anna)

    declined = decline_adjustment(adjustment_id=waiting.pk, actor=boris, note="count first")

    assert declined.status == "declined"
    assert not Case.objects.filter(closed_at=None).exists()
    with pytest.raises(TransitionRefused):
        approve_adjustment(adjustment_id=waiting.pk, actor=boris)
    unchanged()


def test_a_correction_is_undone_once_by_its_mirror(site: Site, anna: Actor, boris: Actor) -> None:
    done = asked(site, -5, anna)

    mirror = reverse_adjustment(adjustment_id=done.pk, actor=boris)

    assert (mirror.delta, mirror.amount, mirror.status) == (5, Decimal(50), "posted")
    assert level(site.north.pk, site.lamp.pk) == (20, 0, 0)
    with pytest.raises(AdjustmentRefused, match="undone already"):
        reverse_adjustment(adjustment_id=done.pk, actor=boris)
    assert StockAdjustment.objects.count() == 2
    assert_consistent()


def test_a_declined_undo_may_be_asked_for_again(site: Site, anna: Actor, boris: Actor) -> None:
    waiting = asked(site, -6, anna)
    approve_adjustment(adjustment_id=waiting.pk, actor=boris)
    mirror = reverse_adjustment(adjustment_id=waiting.pk, actor=anna)
    decline_adjustment(adjustment_id=mirror.pk, actor=boris)

    again = reverse_adjustment(adjustment_id=waiting.pk, actor=anna)

    assert again.status == "pending"
    assert level(site.north.pk, site.lamp.pk) == (14, 0, 0)


def test_what_is_wrong_is_refused_before_anybody_waits_for_it(
    site: Site, anna: Actor, unchanged: Check
) -> None:
    unchanged()
    wrong: list[tuple[int, dict[str, Any], type[Exception]]] = [
        (0, {}, AdjustmentRefused),
        (-1, {"reason_code": "mood"}, AdjustmentRefused),
        (-1, {"bin_id": site.south_shelf.pk}, WrongPlace),
        (-1, {"product_id": site.kit.pk}, WrongGoods),
        (-1, {"product_id": site.milk.pk}, WrongGoods),
        (-1, {"serial": "S-1"}, WrongGoods),
        (-1, {"bin_id": site.shelf_2.pk}, NotInBin),
    ]
    for delta, facts, refusal in wrong:
        with pytest.raises(refusal):
            asked(site, delta, anna, **facts)

    assert StockAdjustment.objects.count() == 0
    unchanged()


def test_units_that_are_allocated_are_named(site: Site, anna: Actor, unchanged: Check) -> None:
    site.allocate(18)
    unchanged()

    with pytest.raises(StillAllocated, match="18 for order line 1"):
        asked(site, -3, anna)

    assert StockAdjustment.objects.count() == 0
    unchanged()
