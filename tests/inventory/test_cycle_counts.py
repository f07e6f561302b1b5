from __future__ import annotations

from datetime import date, timedelta

import pytest

from inventory.models import Bin, CountLine, StockCount
from inventory.services import cycle_counts
from inventory.services.count_posting import finish_count
from inventory.services.counts import CountPlace, record_line
from inventory.services.cycle_counts import open_cycle_counts
from inventory.services.goods import BinMove, move
from oms.core.actors import SYSTEM
from tests.inventory.world import Site

TODAY = date(2026, 3, 2)


def lines() -> list[tuple[str, str]]:
    return list(CountLine.objects.order_by("pk").values_list("bin__code", "product__sku"))


def count_lamps(site: Site, on: date) -> None:
    count = StockCount.objects.get(status="open")
    place = CountPlace(bin_id=site.shelf.pk, product_id=site.lamp.pk)
    record_line(count_id=count.pk, place=place, counted=20, actor=site.actor)
    finish_count(count_id=count.pk, actor=site.actor)
    CountLine.objects.update(counted_at=f"{on.isoformat()}T10:00Z")


def test_what_was_never_counted_is_due(site: Site) -> None:
    assert open_cycle_counts(today=TODAY, actor=SYSTEM) == 1
    assert open_cycle_counts(today=TODAY, actor=SYSTEM) == 0

    count = StockCount.objects.get()
    assert (count.origin, count.due_date, count.is_blind) == ("cycle", TODAY, True)
    assert lines() == [("A-1", "LAMP")]


@pytest.mark.parametrize(("abc_class", "days"), [("A", 30), ("B", 90), ("C", 180), ("", 180)])
def test_a_place_comes_due_again_by_the_class_of_its_product(
    site: Site, abc_class: str, days: int
) -> None:
    site.lamp.abc_class = abc_class
    site.lamp.save()
    open_cycle_counts(today=TODAY, actor=SYSTEM)
    count_lamps(site, TODAY)

    assert open_cycle_counts(today=TODAY + timedelta(days=days - 1), actor=SYSTEM) == 0
    assert open_cycle_counts(today=TODAY + timedelta(days=days), actor=SYSTEM) == 1


def test_a_night_asks_for_no_more_than_can_be_counted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cycle_counts, "PLACES_AT_ONCE", 2)
    for i in range(3):
        bin_to = Bin.objects.create(warehouse=site.north, code=f"B-{i}", walk_order=i)
        put = BinMove(
            **site.ids(),
            bin_from_id=site.shelf.pk,
            bin_to_id=bin_to.pk,
            quantity=1,
            idem_key=f"{i}",
        )
        move([put], actor=site.actor)

    assert open_cycle_counts(today=TODAY, actor=SYSTEM) == 2
    assert open_cycle_counts(today=TODAY, actor=SYSTEM) == 0
    assert lines() == [("B-0", "LAMP"), ("B-1", "LAMP")]


def test_places_outside_the_shelves_have_no_turn(site: Site) -> None:
    put = BinMove(
        **site.ids(),
        bin_from_id=site.shelf.pk,
        bin_to_id=site.staging.pk,
        quantity=20,
        idem_key="x",
    )
    move([put], actor=site.actor)

    assert open_cycle_counts(today=TODAY, actor=SYSTEM) == 0
