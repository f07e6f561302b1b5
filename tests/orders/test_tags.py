"""Tags: short words on an order that filters and routing rules look for."""

import pytest

from oms.core.models import Activity
from orders.exceptions import OrderRefused, TagRefused, UnknownOrder
from orders.models import Order
from orders.services.intake import take_orders
from orders.services.tags import tag_order
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_tags_are_kept_once_in_small_letters_and_in_order() -> None:
    order = make.take_order()

    tags = tag_order(order_id=order.pk, tags=[" VIP ", "gift  wrap", "vip", ""], actor=make.DESK)

    assert tags == ["gift wrap", "vip"] == Order.objects.get().tags
    entry = Activity.objects.get(verb="tagged")
    assert (entry.old, entry.new) == ("", "gift wrap, vip")


def test_the_same_tags_again_leave_no_trace() -> None:
    order = make.take_order()
    for _ in range(2):
        tag_order(order_id=order.pk, tags=["vip"], actor=make.DESK)

    assert Activity.objects.filter(verb="tagged").count() == 1


@pytest.mark.parametrize("tags", [["x" * 33], ["a, b"], ["<b>"], [f"tag{n}" for n in range(21)]])
def test_what_is_no_tag_is_refused_and_nothing_changes(tags: list[str]) -> None:
    order = make.take_order()
    tag_order(order_id=order.pk, tags=["vip"], actor=make.DESK)

    with pytest.raises(TagRefused):
        tag_order(order_id=order.pk, tags=tags, actor=make.DESK)

    assert Order.objects.get().tags == ["vip"]
    with pytest.raises(UnknownOrder):
        tag_order(order_id=0, tags=["vip"], actor=make.DESK)


def test_an_order_comes_in_with_its_tags() -> None:
    drafts = [make.order_draft(tags=("Express", "gift")), make.order_draft()]

    take_orders(drafts, actor=make.DESK)

    assert list(Order.objects.order_by("pk").values_list("tags", flat=True)) == [
        ["express", "gift"],
        [],
    ]


def test_a_draft_with_words_that_are_no_tags_is_refused_whole() -> None:
    with pytest.raises(OrderRefused, match="is no tag"):
        take_orders([make.order_draft(tags=("<script>",))], actor=make.DESK)

    assert not Order.objects.exists()
