"""Adobe Commerce's published example of source selection: by priority and by distance.

The example names what each source has and what is deducted there; priorities and coordinates are
ours, and so are those of the destination (Purchase, New York), which it gives as an address.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from fulfillment.plans import Demand, LineDemand, Plan, Site, Stock
from fulfillment.routing import plan
from fulfillment.rules import Criterion, Rule
from oms.core.distance import Position
from tests.fulfillment.planning import NOW, rules

DATA = Path(os.environ.get("OMS_TEST_DATA") or Path(__file__).parents[2] / "../shared/data")
FOLDER = DATA / "channels" / "magento"
PRIORITY, REQUEST, DISTANCE = (
    FOLDER / f"inventory_manage-source-selection_0{n}.json" for n in (2, 3, 4)
)

pytestmark = pytest.mark.skipif(
    not all(map(Path.exists, (PRIORITY, REQUEST, DISTANCE))),
    reason="The published examples are not here.",
)

PURCHASE = Position(41.0409, -73.7146)
SOURCES = {
    "baltimore_wh": (1, 10, Position(39.2904, -76.6122)),
    "austin_wh": (2, 20, Position(30.2672, -97.7431)),
    "reno_wh": (3, 30, Position(39.5296, -119.8138)),
}
SITES = [Site(pk, code, priority, at) for code, (pk, priority, at) in SOURCES.items()]
Selection = dict[tuple[str, str], int]


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def select(answer: Path, criterion: Criterion) -> tuple[Selection, Selection]:
    """What we take from each source, and what the published answer does; for the same request."""
    published: Selection = {}
    stock: dict[int, dict[int, int]] = defaultdict(dict)
    items = read(REQUEST)["inventoryRequest"]["items"]
    skus = [item["sku"] for item in items]
    for row in read(answer)["source_selection_items"]:
        published[row["source_code"], row["sku"]] = row["qty_to_deduct"]
        stock[skus.index(row["sku"])][SOURCES[row["source_code"]][0]] = row["qty_available"]
    lines = [LineDemand(n, n, item["qty"]) for n, item in enumerate(items)]
    demand = Demand(1, NOW, lines, {0: PURCHASE})

    [decision] = plan(
        [demand], Stock(dict(stock)), SITES, rules(Rule(1, "x", preference=(criterion,)))
    )

    assert (decision.backordered, decision.left_open) == ({}, {})
    ours = taken(decision, skus)
    return {key: ours.get(key, 0) for key in published}, published


def taken(decision: Plan, skus: list[str]) -> Selection:
    codes = {site.id: site.code for site in SITES}
    return {
        (codes[shipment.warehouse_id], skus[line.product_id]): line.quantity
        for shipment in decision.shipments
        for line in shipment.lines
    }


def test_by_priority_we_deduct_what_the_published_answer_deducts() -> None:
    ours, published = select(PRIORITY, Criterion.WAREHOUSE_PRIORITY)

    assert ours == published
    assert ours["baltimore_wh", "24-WB01"] == 20
    assert read(PRIORITY)["shippable"] is True


def test_by_distance_we_deduct_what_the_published_answer_deducts() -> None:
    assert read(REQUEST)["algorithmCode"] == "distance"

    ours, published = select(DISTANCE, Criterion.DISTANCE)

    assert ours == published
    assert (ours["baltimore_wh", "24-WB03"], ours["reno_wh", "24-WB03"]) == (19, 31)
