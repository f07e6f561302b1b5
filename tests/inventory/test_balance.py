"""The past of a product: its balance at any moment, its ledger as a file, demand beside stock."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from inventory.models import StockMovement
from inventory.selectors.balance import balance_at
from inventory.selectors.stock_page import on_hand_series
from inventory.services import goods
from oms.core.charts import step_chart
from tests.inventory.world import PICKER, Site
from tests.people import browser_of, make_person


def age(movement_id: int, days: int) -> None:
    """Let a movement have been booked earlier; only a test may pass by the trigger."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE inventory_stockmovement SET at = at - make_interval(days => %s) WHERE id = %s",
            [days, movement_id],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")


def last() -> StockMovement:
    return StockMovement.objects.order_by("-id")[0]


@pytest.fixture
def past(site: Site) -> Site:
    """20 received nine days ago, 5 allocated six days ago, 2 of them shipped three days ago."""
    age(last().pk, 9)
    site.allocate(5)
    age(last().pk, 6)
    goods.ship(
        [
            goods.GoodsIssue(
                **site.ids(), bin_id=site.shelf.pk, quantity=2, demand_kind="order_line",
                demand_id=1, document="PA-1", idem_key="s",
            )
        ],
        actor=PICKER,
    )  # fmt: skip
    age(last().pk, 3)
    return site


@pytest.mark.parametrize(
    ("days", "expected"),
    [(10, None), (9, (20, 0, 0)), (6, (20, 5, 0)), (4, (20, 5, 0)), (3, (18, 3, 0))],
)
def test_the_balance_stands_at_every_moment(
    past: Site, days: int, expected: tuple[int, int, int] | None
) -> None:
    moment = timezone.now() - timedelta(days=days) + timedelta(hours=1)

    balance = balance_at(past.lamp.pk, moment)

    found = [
        (row.warehouse, row.totals.on_hand, row.totals.allocated, row.totals.blocked)
        for row in balance.levels
    ]
    assert found == ([("NORTH", *expected)] if expected else [])
    if expected:
        assert balance.totals.available == expected[0] - expected[1]


def test_the_series_tells_what_left_each_day(past: Site) -> None:
    with time_machine.travel(timezone.now().replace(hour=12), tick=False):
        series = on_hand_series(past.lamp.pk)

    assert [each.shipped for each in series if each.shipped] == [2]
    assert sum(each.on_hand == 20 for each in series) == 6
    assert series[-1].on_hand == 18


def test_bars_share_the_scale_of_the_line() -> None:
    today = timezone.localdate()
    series = [(today, 10), (today, 40), (today, 30)]

    chart = step_chart(series, bars=[0, 20, 40])

    assert [bar.height for bar in chart.bars] == ["91.0", "182.0"]
    assert chart.bars[0].y == "103.0"


@pytest.fixture
def manager(past: Site) -> Client:
    return browser_of(make_person("manager"))


def test_a_moment_is_chosen_on_the_page(manager: Client) -> None:
    moment = timezone.localtime() - timedelta(days=5)
    page = "/admin/inventory/product/LAMP/"

    shown = manager.get(page, {"moment": f"{moment:%Y-%m-%dT%H:%M}"}).content.decode()
    wrong = manager.get(page, {"moment": "soon"})

    assert "Last movement" in shown
    assert "Last movement" not in manager.get(page).content.decode()
    assert wrong.status_code == 200
    assert "Enter a valid date/time." in wrong.content.decode()


def test_the_ledger_is_filtered_by_document_and_sent_as_a_file(manager: Client) -> None:
    page = "/admin/inventory/product/LAMP/"

    shown = manager.get(page, {"document": "pa-1"}).content.decode()
    whole = b"".join(manager.get(f"{page}ledger.csv")).decode().splitlines()
    part = b"".join(manager.get(f"{page}ledger.csv?document=PA-1")).decode().splitlines()

    assert "ledger.csv?document=pa-1" in shown
    assert len(whole) == 4
    assert whole[0].startswith("\ufefftime,movement,warehouse,quantity,on_hand_change")
    assert [line.split(",")[1:6] for line in part[1:]] == [["ship", "NORTH", "2", "-2", "18"]]
    assert manager.get("/admin/inventory/product/NOPE/ledger.csv").status_code == 404
