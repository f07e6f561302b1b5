"""List pages: the URL is the state, pages are cut by key, counts stop at the cap."""

from __future__ import annotations

import pytest
from django.db.models import QuerySet
from django.http import QueryDict

from inventory.models import Product
from oms.core import listing
from oms.core.listing import CAP, Count, Listing, Sort, View

pytestmark = pytest.mark.django_db

THINGS = Listing(
    name="things",
    views=(
        View("all", "All", lambda rows: rows),
        View("kits", "Kits", lambda rows: rows.filter(is_kit=True)),
    ),
    sorts=(
        Sort("newest", "Newest", "id"),
        Sort("weight", "Weight", "weight_kg"),
        Sort("name", "Name", "name", descending=False),
    ),
    page_size=3,
)


@pytest.fixture
def things() -> QuerySet[Product]:
    weights = [None, 2, 1, 2, None, 3, 1, 2]
    Product.objects.bulk_create(
        Product(sku=f"P{n}", name=f"Name {n % 3}", weight_kg=weight, is_kit=n == 7)
        for n, weight in enumerate(weights)
    )
    return Product.objects.all()


def walk(query: str, things: QuerySet[Product]) -> tuple[list[str], list[str]]:
    """The SKUs when going to the end, and when coming all the way back."""
    found = listing.load(THINGS, QueryDict(query), things)
    there = [row.sku for row in found.page.rows]
    while found.page.older_url:
        found = listing.load(THINGS, QueryDict(found.page.older_url[1:]), things)
        there += [row.sku for row in found.page.rows]
    back = [row.sku for row in found.page.rows]
    while found.page.newer_url:
        found = listing.load(THINGS, QueryDict(found.page.newer_url[1:]), things)
        back = [row.sku for row in found.page.rows] + back
    return there, back


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["P7", "P6", "P5", "P4", "P3", "P2", "P1", "P0"]),
        ("sort=newest", ["P0", "P1", "P2", "P3", "P4", "P5", "P6", "P7"]),
        ("sort=-weight", ["P4", "P0", "P5", "P7", "P3", "P1", "P6", "P2"]),
        ("sort=weight", ["P2", "P6", "P1", "P3", "P7", "P5", "P0", "P4"]),
        ("sort=name", ["P0", "P3", "P6", "P1", "P4", "P7", "P2", "P5"]),
    ],
)
def test_pages_hold_every_row_once_in_order_there_and_back(
    things: QuerySet[Product], query: str, expected: list[str]
) -> None:
    assert walk(query, things) == (expected, expected)


def test_the_summary_counts_from_the_first_page(things: QuerySet[Product]) -> None:
    first = listing.load(THINGS, QueryDict(""), things)
    second = listing.load(THINGS, QueryDict(first.page.older_url[1:]), things)

    assert first.summary == "1–3 of 8"
    assert second.summary == "4–6 of 8"


@pytest.mark.parametrize("token", ["x", "bm90IGpzb24", "WzEsMl0", "A" * 600, "WyJhIiwiYiIsImMiXQ"])
def test_a_token_that_nobody_made_leads_to_the_first_page(
    things: QuerySet[Product], token: str
) -> None:
    found = listing.load(THINGS, QueryDict(f"after={token}"), things)

    assert [row.sku for row in found.page.rows] == ["P7", "P6", "P5"]


def test_tabs_count_their_views_and_lead_to_them(things: QuerySet[Product]) -> None:
    found = listing.load(THINGS, QueryDict("view=kits"), things)

    assert [(tab.label, tab.count, tab.url, tab.current) for tab in found.tabs] == [
        ("All", "8", "?view=all", False),
        ("Kits", "1", "?view=kits", True),
    ]
    assert [row.sku for row in found.page.rows] == ["P7"]


def test_counts_stop_at_the_cap() -> None:
    assert str(Count(CAP)) == "999+"
    assert str(Count(999)) == "999"
    assert listing.capped_counts({"none": Product.objects.none()}) == {"none": 0}


def test_a_page_costs_two_statements(
    things: QuerySet[Product], django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(2):  # type: ignore[operator]
        listing.load(THINGS, QueryDict("sort=name"), things)
