"""Holding and lifting."""

import pytest

from oms.core.models import Activity, OutboxEvent
from orders.exceptions import HoldRefused, UnknownOrder
from orders.models import Hold, Order
from orders.services.cancel import cancel_order
from orders.services.holds import hold_order, lift_hold
from tests import factories as make

pytestmark = pytest.mark.django_db


def topics() -> list[str]:
    return list(OutboxEvent.objects.order_by("pk").values_list("topic", flat=True))[1:]


def test_a_hold_counts_on_the_order_and_is_told() -> None:
    order = make.take_order()

    hold = hold_order(
        order_id=order.pk, kind="routing", reason="credit", note="Limit", actor=make.DESK
    )

    assert (hold.placed_by, hold.note, hold.lifted_at) == ("Sales desk", "Limit", None)
    assert Order.objects.get().routing_holds == 1
    assert topics() == ["orders.order_held"]
    entry = Activity.objects.get(verb="held")
    assert (entry.new, entry.note) == ("routing: credit", "Limit")


def test_the_last_routing_hold_that_is_lifted_releases_the_order() -> None:
    order = make.take_order()
    first = hold_order(order_id=order.pk, kind="routing", reason="credit", actor=make.DESK)
    second = hold_order(order_id=order.pk, kind="routing", reason="fraud", actor=make.DESK)

    lift_hold(hold_id=first.pk, actor=make.DESK)
    assert "orders.order_released_for_routing" not in topics()
    lift_hold(hold_id=second.pk, actor=make.DESK)

    assert Order.objects.get().routing_holds == 0
    assert topics()[-1] == "orders.order_released_for_routing"
    assert Hold.objects.get(pk=first.pk).lifted_by == "Sales desk"


def test_a_shipping_hold_is_lifted_apart() -> None:
    order = make.take_order()
    hold = hold_order(order_id=order.pk, kind="shipping", reason="customs", actor=make.DESK)
    assert (Order.objects.get().routing_holds, Order.objects.get().shipping_holds) == (0, 1)

    lift_hold(hold_id=hold.pk, actor=make.DESK)

    assert Order.objects.get().shipping_holds == 0
    assert topics()[-1] == "orders.order_released_for_shipping"


def test_the_same_hold_twice_is_refused() -> None:
    order = make.take_order()
    hold_order(order_id=order.pk, kind="routing", reason="credit", actor=make.DESK)

    with pytest.raises(HoldRefused, match=r"has a routing hold for the reason “Credit” already\."):
        hold_order(order_id=order.pk, kind="routing", reason="credit", actor=make.DESK)

    assert Order.objects.get().routing_holds == 1
    assert Hold.objects.count() == 1


def test_lifting_twice_is_refused() -> None:
    order = make.take_order()
    hold = hold_order(order_id=order.pk, kind="routing", reason="credit", actor=make.DESK)
    lift_hold(hold_id=hold.pk, actor=make.DESK)

    with pytest.raises(HoldRefused, match="was lifted by Sales desk before"):
        lift_hold(hold_id=hold.pk, actor=make.DESK)

    assert Order.objects.get().routing_holds == 0


def test_a_hold_needs_a_known_kind_and_reason() -> None:
    order = make.take_order()

    with pytest.raises(HoldRefused, match="There is no routing hold for the reason 'mood'"):
        hold_order(order_id=order.pk, kind="routing", reason="mood", actor=make.DESK)

    assert not Hold.objects.exists()


def test_a_canceled_order_is_not_held() -> None:
    order = make.take_order()
    cancel_order(order_id=order.pk, reason="Customer asked", actor=make.DESK)

    with pytest.raises(HoldRefused, match="is canceled: nothing is left to hold"):
        hold_order(order_id=order.pk, kind="routing", reason="credit", actor=make.DESK)

    assert not Hold.objects.exists()


def test_what_is_not_there_cannot_be_held_or_lifted() -> None:
    with pytest.raises(UnknownOrder):
        hold_order(order_id=0, kind="routing", reason="credit", actor=make.DESK)
    with pytest.raises(UnknownOrder):
        lift_hold(hold_id=0, actor=make.DESK)
