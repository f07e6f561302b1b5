"""Claims that left their order line: found, shown as a case, brought back."""

from __future__ import annotations

import pytest
from django.db import connection

from inventory.models import Allocation, Reservation
from oms.core import invariants
from oms.core.actors import SYSTEM
from oms.core.exceptions import Refusal
from oms.core.models import Case
from oms.core.tasks import check_invariants
from orders.models import OrderLine
from orders.panels import compensate_claims_case
from orders.services.compensation import compensate_claims
from tests.factories import add_stock, line_draft, make_product, make_warehouse, take_order
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db
CLAIMS = ["orders.reservations", "orders.allocations"]


@pytest.fixture
def line() -> OrderLine:
    """Eight units, open and reserved."""
    make_warehouse("BER")
    order = take_order(line_draft(make_product("KNF-1"), 8))
    return OrderLine.objects.get(order=order)


def routed(units: int) -> OrderLine:
    setup, product = make_warehouse("BER"), make_product("KNF-1")
    add_stock(setup, product, 20)
    order = take_order(line_draft(product, units))
    run_outbox()
    line = OrderLine.objects.get(order=order)
    assert line.allocated == units
    return line


def findings() -> list[tuple[str, int | None]]:
    return [(each.invariant, each.document_id) for each in invariants.violations(CLAIMS)]


@pytest.mark.parametrize("units", [0, 3, 11])
def test_a_reservation_becomes_what_is_open(line: OrderLine, units: int) -> None:
    rows = Reservation.objects.filter(demand_id=line.pk)
    rank = rows.get().rank_at
    rows.update(quantity=units) if units else rows.delete()
    assert findings() == [("orders.reservations", line.pk)]

    compensate_claims(line_id=line.pk, actor=SYSTEM)

    assert findings() == []
    row = rows.get()
    assert (row.kind, row.quantity, row.product_id) == ("order", 8, line.product_id)
    assert row.rank_at == rank


def test_a_reservation_for_nothing_ends(line: OrderLine) -> None:
    Reservation.objects.create(
        product_id=line.product_id, quantity=4, kind="order", demand_kind="order_line",
        demand_id=987_654,
    )  # fmt: skip
    assert findings() == [("orders.reservations", 987_654)]

    compensate_claims(line_id=987_654, actor=SYSTEM)

    assert findings() == []
    assert not Reservation.objects.filter(demand_id=987_654).exists()


def test_allocations_that_no_line_counts_are_given_back() -> None:
    line = routed(5)
    warehouse = Allocation.objects.get(demand_id=line.pk).warehouse_id
    from inventory.services.claims import AllocationRequest, allocate

    allocate(
        [
            AllocationRequest(
                warehouse_id=warehouse, product_id=line.product_id, quantity=3,
                demand_kind="order_line", demand_id=key,
            )
            for key in (line.pk, 987_654)
        ],
        actor=SYSTEM,
    )  # fmt: skip
    check_invariants()
    cases = list(Case.objects.filter(proposed_fix="compensate_claims", closed_at=None))
    assert {each.document_id for each in cases} == {line.pk, 987_654}

    for case in cases:
        compensate_claims_case(case=case, actor=SYSTEM)

    assert invariants.violations() == []
    assert Allocation.objects.get().quantity == 5
    check_invariants()
    assert not Case.objects.filter(closed_at=None, kind="invariant").exists()


def test_lost_allocations_are_for_a_person() -> None:
    line = routed(5)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_allocation SET quantity = 2")

    with pytest.raises(Refusal, match="counts 5 allocated units, but only 2 are held"):
        compensate_claims(line_id=line.pk, actor=SYSTEM)

    assert Allocation.objects.get().quantity == 2


def test_sound_claims_are_left_alone(line: OrderLine) -> None:
    with pytest.raises(Refusal, match="nothing to compensate"):
        compensate_claims(line_id=line.pk, actor=SYSTEM)
