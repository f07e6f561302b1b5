from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inventory.abc import classify
from inventory.models import Product
from inventory.services.abc import refresh_classes
from inventory.services.goods import Adjustment, GoodsIssue, adjust, ship, unship
from oms.core.actors import SYSTEM
from tests.inventory.world import Site


def test_the_few_that_make_most_of_the_value_are_class_a() -> None:
    values = {"desk": 700, "lamp": 200, "pen": 60, "clip": 40, "relic": 0}

    classes = classify({name: Decimal(value) for name, value in values.items()})

    assert classes == {"desk": "A", "lamp": "A", "pen": "B", "clip": "C", "relic": "C"}


def test_a_single_product_is_class_a_and_without_sales_all_are_class_c() -> None:
    assert classify({1: Decimal(5)}) == {1: "A"}
    assert classify({1: Decimal(0), 2: Decimal(-3)}) == {1: "C", 2: "C"}
    assert classify({}) == {}


@given(st.dictionaries(st.integers(), st.decimals(0, 10**6, places=2), max_size=30))
def test_a_product_of_more_value_is_never_of_a_lower_class(values: dict[int, Decimal]) -> None:
    classes = classify(values)

    ranked = sorted(values, key=lambda key: -values[key])
    assert [classes[key] for key in ranked] == sorted(classes[key] for key in ranked)


def shipped(site: Site, quantity: int, key: str) -> GoodsIssue:
    return GoodsIssue(
        **site.ids(), bin_id=site.shelf.pk, quantity=quantity, demand_kind="order_line",
        demand_id=1, document="PA", idem_key=key,
    )  # fmt: skip


def test_the_nightly_classes_follow_what_was_shipped(site: Site) -> None:
    Product.objects.update(cost=Decimal(10))
    site.allocate(5)
    ship([shipped(site, 5, "s")], actor=SYSTEM)
    today = timezone.localdate()

    assert refresh_classes(today=today, actor=SYSTEM) == 3
    assert dict(Product.objects.values_list("sku", "abc_class")) == {
        "LAMP": "A",
        "MILK": "C",
        "PHONE": "C",
        "SET": "",
    }
    assert refresh_classes(today=today, actor=SYSTEM) == 0
    assert refresh_classes(today=today + timedelta(days=366), actor=SYSTEM) == 1
    assert Product.objects.get(sku="LAMP").abc_class == "C"


def test_what_came_back_before_the_truck_left_and_corrections_do_not_count(site: Site) -> None:
    Product.objects.update(cost=Decimal(10))
    site.allocate(5)
    ship([shipped(site, 5, "s")], actor=SYSTEM)
    unship([shipped(site, 5, "u")], actor=SYSTEM)
    lost = Adjustment(**site.ids(), bin_id=site.shelf.pk, delta=-5, reason="lost", idem_key="l")
    adjust([lost], actor=SYSTEM)

    refresh_classes(today=timezone.localdate(), actor=SYSTEM)

    assert Product.objects.get(sku="LAMP").abc_class == "C"
