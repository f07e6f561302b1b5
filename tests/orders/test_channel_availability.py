"""What a sales channel may sell: its share of what is free."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from inventory.availability import available_to_channel as formula
from inventory.services.claims import Claim, reserve_all
from orders.models import ChannelShare
from orders.selectors.availability import available_to_channel
from tests.factories import DESK, add_stock, make_channel, make_product, make_warehouse
from tests.inventory.arrivals import order_goods


@pytest.mark.django_db
def test_without_a_share_a_channel_may_sell_all_that_is_free() -> None:
    north, lamp = make_warehouse(), make_product()
    add_stock(north, lamp, 10)

    assert available_to_channel([lamp.pk], channel_id=make_channel().pk) == {lamp.pk: 10}


@pytest.mark.django_db
def test_the_row_for_the_product_goes_first_then_the_one_for_the_warehouse() -> None:
    north, south = make_warehouse("N"), make_warehouse("S")
    lamp, cable = make_product(), make_product()
    shop, edi = make_channel("shop"), make_channel("edi")
    for setup in (north, south):
        add_stock(setup, lamp, 10)
        add_stock(setup, cable, 10)
    ChannelShare.objects.create(channel=shop, percent=50)
    ChannelShare.objects.create(channel=shop, warehouse=south.warehouse, percent=0)
    ChannelShare.objects.create(channel=shop, product=lamp, percent=25)
    ChannelShare.objects.create(channel=edi, percent=1)

    assert available_to_channel([lamp.pk, cable.pk], channel_id=shop.pk) == {
        lamp.pk: 4,  # 2.5 units of each are rounded down
        cable.pk: 5,
    }


@pytest.mark.django_db
def test_a_channel_never_gets_more_than_may_be_promised_to_anybody() -> None:
    north, lamp, shop = make_warehouse(), make_product(), make_channel("shop")
    add_stock(north, lamp, 10)
    ChannelShare.objects.create(channel=shop, percent=60)
    reserve_all(
        [Claim(product_id=lamp.pk, quantity=8, demand_kind="order_line", demand_id=1)], actor=DESK
    )

    assert available_to_channel([lamp.pk], channel_id=shop.pk) == {lamp.pk: 2}


@pytest.mark.django_db
def test_arriving_goods_are_shared_like_stock_with_as_many_statements_as_for_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    north, shop = make_warehouse(), make_channel("shop")
    lamps = [make_product() for _ in range(6)]
    ChannelShare.objects.create(channel=shop, percent=50)
    for lamp in lamps:
        add_stock(north, lamp, 10)
        order_goods(north.warehouse, lamp, 20, date(2026, 12, 1))

    for products in (lamps[:1], lamps):
        keys = [lamp.pk for lamp in products]
        with django_assert_num_queries(4):
            found = available_to_channel(keys, channel_id=shop.pk, at=date(2026, 12, 1))
        assert found == dict.fromkeys(keys, 15)
    assert available_to_channel([lamps[0].pk], channel_id=shop.pk) == {lamps[0].pk: 5}


shares = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 100)), max_size=10)


@given(shares, st.integers(-100, 5000))
def test_a_channels_part_is_never_below_zero_nor_above_its_share(
    parts: list[tuple[int, int]], to_promise: int
) -> None:
    found = formula(parts, to_promise=to_promise)

    assert 0 <= found <= max(0, to_promise)
    assert found * 100 <= sum(units * percent for units, percent in parts)
