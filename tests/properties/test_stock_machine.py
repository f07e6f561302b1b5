"""A random warehouse day, step by step beside a model of plain dictionaries.

After each step the books say what the model says, every invariant holds, and a refused step has
changed nothing.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from inventory.exceptions import StockRefusal
from inventory.models import Allocation, Bin, BinContent, Product, StockLevel, Warehouse
from inventory.services import goods
from inventory.services.claims import AllocationRequest, allocate, deallocate
from inventory.services.ledger import rebuild_levels
from oms.core.actors import Actor
from tests.inventory.books import assert_consistent, books

PICKER = Actor(label="Picker 1", surface="warehouse")
KINDS = {"A-1": "shelf", "A-2": "shelf", "S": "staging", "Q": "quarantine", "R": "returns"}
BLOCKED = {"Q", "R"}
SKUS = st.sampled_from(["LAMP", "MUG"])
BINS = st.sampled_from(sorted(KINDS))
FREE = st.sampled_from(sorted(set(KINDS) - BLOCKED))
UNITS = st.integers(1, 12)
DEMANDS = st.integers(1, 3)


class StockMachine(RuleBasedStateMachine):
    """Bins and allocations are the model; a level follows from them."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.warehouse = Warehouse.objects.create(code="W", title="W")
        self.bins = {
            code: Bin.objects.create(warehouse=self.warehouse, code=code, kind=kind).pk
            for code, kind in KINDS.items()
        }
        self.products = {
            sku: Product.objects.create(sku=sku, name=sku).pk for sku in ("LAMP", "MUG")
        }
        self.contents: Counter[tuple[str, str]] = Counter()
        self.allocations: Counter[tuple[str, int]] = Counter()
        self.keys = itertools.count()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def on_hand(self, sku: str) -> int:
        return sum(n for (_, s), n in self.contents.items() if s == sku)

    def blocked(self, sku: str) -> int:
        return sum(n for (code, s), n in self.contents.items() if s == sku and code in BLOCKED)

    def allocated(self, sku: str) -> int:
        return sum(n for (s, _), n in self.allocations.items() if s == sku)

    def available(self, sku: str) -> int:
        return self.on_hand(sku) - self.blocked(sku) - self.allocated(sku)

    def attempt(self, possible: bool, act: Callable[[], object]) -> bool:
        """Do it; it succeeds exactly when the model says so, and a refusal changes nothing."""
        if possible:
            act()
            return True
        before = books()
        with pytest.raises(StockRefusal) as refusal:
            act()
        assert str(refusal.value)
        assert books() == before
        return False

    def ids(self, sku: str) -> dict[str, Any]:
        return {"warehouse_id": self.warehouse.pk, "product_id": self.products[sku]}

    def move_row(self, sku: str, units: int, source: str, target: str) -> goods.BinMove:
        return goods.BinMove(
            **self.ids(sku), quantity=units, bin_from_id=self.bins[source],
            bin_to_id=self.bins[target], idem_key=f"k{next(self.keys)}", reason="day",
        )  # fmt: skip

    def request(self, sku: str, units: int, demand: int) -> AllocationRequest:
        return AllocationRequest(
            **self.ids(sku), quantity=units, demand_kind="order_line", demand_id=demand
        )

    @rule(sku=SKUS, units=UNITS, code=BINS)
    def receive(self, sku: str, units: int, code: str) -> None:
        row = goods.GoodsReceipt(
            **self.ids(sku), bin_id=self.bins[code], quantity=units, idem_key=f"k{next(self.keys)}"
        )
        goods.receive([row], actor=PICKER)
        self.contents[code, sku] += units

    @rule(sku=SKUS, units=UNITS, demand=DEMANDS)
    def allocate(self, sku: str, units: int, demand: int) -> None:
        row = self.request(sku, units, demand)
        if self.attempt(units <= self.available(sku), lambda: allocate([row], actor=PICKER)):
            self.allocations[sku, demand] += units

    @rule(units=UNITS, demand=DEMANDS)
    def allocate_both(self, units: int, demand: int) -> None:
        rows = [self.request(sku, units, demand) for sku in ("MUG", "LAMP")]
        possible = all(units <= self.available(sku) for sku in ("MUG", "LAMP"))
        if self.attempt(possible, lambda: allocate(rows, actor=PICKER)):
            self.allocations["MUG", demand] += units
            self.allocations["LAMP", demand] += units

    @rule(sku=SKUS, units=UNITS, demand=DEMANDS)
    def deallocate(self, sku: str, units: int, demand: int) -> None:
        row = self.request(sku, units, demand)
        possible = units <= self.allocations[sku, demand]
        if self.attempt(possible, lambda: deallocate([row], actor=PICKER)):
            self.allocations[sku, demand] -= units

    @rule(sku=SKUS, units=UNITS, source=BINS, place=BINS)
    def pick(self, sku: str, units: int, source: str, place: str) -> None:
        """Any way through the bins; into a blocked one only what nobody was promised."""
        taken_from_sale = units if place in BLOCKED and source not in BLOCKED else 0
        possible = (
            source != place
            and units <= self.contents[source, sku]
            and taken_from_sale <= self.available(sku)
        )
        done = self.attempt(
            possible,
            lambda: goods.pick([self.move_row(sku, units, source, place)], actor=PICKER),
        )
        if done:
            self.contents[source, sku] -= units
            self.contents[place, sku] += units

    @rule(sku=SKUS, units=UNITS, source=BINS, place=BINS)
    def move(self, sku: str, units: int, source: str, place: str) -> None:
        possible = (
            source != place
            and units <= self.contents[source, sku]
            and (source in BLOCKED) == (place in BLOCKED)
        )
        done = self.attempt(
            possible,
            lambda: goods.move([self.move_row(sku, units, source, place)], actor=PICKER),
        )
        if done:
            self.contents[source, sku] -= units
            self.contents[place, sku] += units

    @rule(sku=SKUS, units=UNITS, demand=DEMANDS, code=FREE)
    def ship(self, sku: str, units: int, demand: int, code: str) -> None:
        row = self.issue(sku, units, demand, code)
        possible = units <= self.contents[code, sku] and units <= self.allocations[sku, demand]
        if self.attempt(possible, lambda: goods.ship([row], actor=PICKER)):
            self.contents[code, sku] -= units
            self.allocations[sku, demand] -= units

    @rule(sku=SKUS, units=UNITS, demand=DEMANDS, code=FREE)
    def unship(self, sku: str, units: int, demand: int, code: str) -> None:
        goods.unship([self.issue(sku, units, demand, code)], actor=PICKER)
        self.contents[code, sku] += units
        self.allocations[sku, demand] += units

    def issue(self, sku: str, units: int, demand: int, code: str) -> goods.GoodsIssue:
        return goods.GoodsIssue(
            **self.ids(sku), bin_id=self.bins[code], quantity=units, demand_kind="order_line",
            demand_id=demand, document="PA", idem_key=f"k{next(self.keys)}",
        )  # fmt: skip

    @rule(sku=SKUS, counted=st.integers(0, 15), code=BINS)
    def count(self, sku: str, counted: int, code: str) -> None:
        row = goods.BinCount(
            **self.ids(sku), bin_id=self.bins[code], counted=counted,
            idem_key=f"k{next(self.keys)}",
        )  # fmt: skip
        fewer = self.contents[code, sku] - counted
        possible = code in BLOCKED or fewer <= self.available(sku)
        if self.attempt(possible, lambda: goods.record_counts([row], actor=PICKER)):
            self.contents[code, sku] = counted

    @rule()
    def rebuild(self) -> None:
        assert rebuild_levels() == 0

    @invariant()
    def books_say_what_the_model_says(self) -> None:
        levels = {
            row.product.sku: (row.on_hand, row.allocated, row.blocked)
            for row in StockLevel.objects.select_related("product")
        }
        for sku in self.products:
            expected = (self.on_hand(sku), self.allocated(sku), self.blocked(sku))
            assert levels.get(sku, (0, 0, 0)) == expected
        contents = BinContent.objects.filter(quantity__gt=0)
        rows = contents.values_list("bin__code", "product__sku", "quantity")
        assert {(code, sku): n for code, sku, n in rows} == dict(+self.contents)
        claims = Allocation.objects.values_list("product__sku", "demand_id", "quantity")
        assert {(sku, demand): n for sku, demand, n in claims} == dict(+self.allocations)
        assert_consistent()


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        StockMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=examples < 50,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_a_random_day_keeps_the_books_right() -> None:
    run(examples=8, steps=20)


@pytest.mark.slow
@pytest.mark.django_db
def test_many_long_random_days_keep_the_books_right() -> None:
    run(examples=60, steps=50)
