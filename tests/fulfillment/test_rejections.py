"""A warehouse rejects lines: stock, other orders, exclusion, score and the way to another warehouse."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from fulfillment.exceptions import RejectRefused, Unknown
from fulfillment.models import (
    Pick,
    Rejection,
    RejectionReason,
    Shipment,
    ShipmentLine,
    SiteExclusion,
    SiteScore,
)
from fulfillment.services.picking import pick
from fulfillment.services.rejections import RejectedUnits, lift_exclusion, reject_lines
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_orders
from fulfillment.services.scores import score_sites
from inventory.models import BinContent, Product, StockCount, StockLevel
from oms.core import invariants
from oms.core.models import Activity, Case
from orders.models import Order
from orders.services.holds import hold_order
from tests.factories import (
    DESK,
    PICKER,
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_kit,
    make_product,
    make_reason,
    make_warehouse,
    take_order,
)
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def near() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def far() -> WarehouseSetup:
    return make_warehouse("PAR", latitude=48.86, longitude=2.35, priority=200)


@pytest.fixture
def mug() -> Product:
    return make_product("MUG")


def routed(*products: tuple[Product, int]) -> tuple[Order, Shipment]:
    order = take_order(*(line_draft(product, units) for product, units in products))
    [outcome] = route_orders([order.pk], actor=DESK)
    return order, Shipment.objects.get(pk=outcome.shipment_ids[0])


def reject(shipment: Shipment, units: int, reason: RejectionReason, line: int = 0) -> list[str]:
    target = list(shipment.lines.order_by("pk"))[line]
    return reject_lines(
        shipment_id=shipment.pk,
        lines=[RejectedUnits(target.pk, units)],
        reason_id=reason.pk,
        note="",
        actor=PICKER,
    ).taken_along


def units_in(setup: WarehouseSetup, code: str) -> int:
    found = BinContent.objects.filter(bin=setup.bins[code])
    return sum(found.values_list("quantity", flat=True))


def live(order: Order) -> list[tuple[str, str, int]]:
    lines = ShipmentLine.objects.filter(order_line__order=order, quantity__gt=0)
    rows = lines.exclude(shipment__status="canceled").order_by("pk")
    return list(rows.values_list("shipment__warehouse__code", "shipment__status", "quantity"))


def state(order: Order) -> list[tuple[int, int, int]]:
    return [(x.open, x.allocated, x.backordered) for x in lines_of(order)]


def test_a_rejected_line_goes_to_another_warehouse_exactly_once(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    add_stock(near, mug, 5)
    add_stock(far, mug, 5)
    order, shipment = routed((mug, 3))

    reject(shipment, 3, make_reason(effect="set_to_zero"))

    assert state(order) == [(3, 0, 0)]
    assert Shipment.objects.get(pk=shipment.pk).status == "canceled"
    assert invariants.violations() == []
    run_outbox()
    run_outbox()
    assert live(order) == [("PAR", "planned", 3)]
    assert state(order) == [(0, 3, 0)]
    assert not Case.objects.filter(closed_at=None, kind="rejection").exists()
    row = Rejection.objects.get()
    assert (row.quantity, row.warehouse_id, row.actor_label) == (3, near.pk, "Picker 1")
    entry = Activity.objects.get(document_kind="shipment", verb="rejected")
    assert entry.new == "3 × MUG"
    assert invariants.violations() == []


def test_set_to_zero_takes_every_free_unit_out_of_sale_and_other_orders_along(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    add_stock(near, mug, 5, bin_code="A-01")
    add_stock(near, mug, 4, bin_code="A-02")
    add_stock(far, mug, 5)
    first, shipment = routed((mug, 3))
    second, other = routed((mug, 2))
    release_shipments(shipment_ids=[other.pk], actor=PICKER)
    pick(pick_id=Pick.objects.get().pk, quantity=1, actor=PICKER)

    taken_along = reject(shipment, 3, make_reason(effect="set_to_zero"))

    assert taken_along == [second.number]
    level = StockLevel.objects.get(warehouse=near.pk)
    assert (level.on_hand, level.allocated, level.blocked) == (9, 1, 8)
    assert (units_in(near, "MISS"), units_in(near, "STAGE")) == (8, 1)
    assert Shipment.objects.get(pk=other.pk).status == "picked"
    assert (state(first), state(second)) == ([(3, 0, 0)], [(1, 1, 0)])
    assert invariants.violations() == []
    run_outbox()
    assert live(first) == [("PAR", "planned", 3)]
    assert live(second) == [("BER", "picked", 1), ("PAR", "planned", 1)]
    assert invariants.violations() == []


@pytest.mark.parametrize(
    ("effect", "code", "blocked"),
    [("mismatch", "MISS", 2), ("damaged", "QUAR", 2), ("nothing", "MISS", 0)],
)
def test_the_reason_says_what_becomes_of_the_rejected_units(
    near: WarehouseSetup, mug: Product, effect: str, code: str, blocked: int
) -> None:
    add_stock(near, mug, 5)
    order, shipment = routed((mug, 3))

    reject(shipment, 2, make_reason(effect=effect))

    level = StockLevel.objects.get()
    assert (level.on_hand, level.allocated, level.blocked) == (5, 1, blocked)
    assert units_in(near, code) == blocked
    assert state(order) == [(2, 1, 0)]
    assert Shipment.objects.get().status == "planned"
    assert Shipment.objects.get().units == 1
    assert invariants.violations() == []


def test_damaged_units_come_out_of_the_bin_that_the_pick_list_names(
    near: WarehouseSetup, mug: Product
) -> None:
    add_stock(near, mug, 1, bin_code="A-01")
    add_stock(near, mug, 5, bin_code="A-02")
    _, shipment = routed((mug, 3))
    release_shipments(shipment_ids=[shipment.pk], actor=PICKER)

    reject(shipment, 2, make_reason(effect="damaged"))

    assert (units_in(near, "A-01"), units_in(near, "A-02"), units_in(near, "QUAR")) == (1, 3, 2)
    assert list(Pick.objects.values_list("bin__code", "quantity")) == [("A-02", 1)]
    assert Shipment.objects.get().status == "released"
    assert invariants.violations() == []


def test_a_shipment_whose_rest_is_rejected_goes_on_with_what_is_picked(
    near: WarehouseSetup, mug: Product
) -> None:
    add_stock(near, mug, 5)
    _, shipment = routed((mug, 3))
    release_shipments(shipment_ids=[shipment.pk], actor=PICKER)
    pick(pick_id=Pick.objects.get().pk, quantity=1, actor=PICKER)

    reject(shipment, 2, make_reason(effect="mismatch"))

    assert Shipment.objects.get().status == "picked"
    assert invariants.violations() == []


def test_the_other_parts_of_a_kit_go_with_the_rejected_one(near: WarehouseSetup) -> None:
    cup, saucer = make_product("CUP"), make_product("SAUCER")
    kit = make_kit("SET", of=[(cup, 1), (saucer, 2)])
    add_stock(near, cup, 5)
    add_stock(near, saucer, 10)
    order = take_order(line_draft(kit, 3))
    route_orders([order.pk], actor=DESK)
    shipment = Shipment.objects.get()

    reject(shipment, 1, make_reason(effect="damaged"))

    assert state(order)[1:] == [(1, 2, 0), (2, 4, 0)]
    assert units_in(near, "QUAR") == 1
    assert invariants.violations() == []


def test_the_warehouse_is_left_out_for_a_while_and_the_exclusion_can_be_lifted(
    near: WarehouseSetup, mug: Product
) -> None:
    add_stock(near, mug, 5)
    order, shipment = routed((mug, 3))
    too_busy = make_reason("busy", excludes_hours=4, excludes_all_products=True)
    before = timezone.now()

    reject(shipment, 3, too_busy)

    exclusion = SiteExclusion.objects.get()
    assert (exclusion.warehouse_id, exclusion.product_id) == (near.pk, None)
    assert timedelta(hours=4) <= exclusion.until_at - before < timedelta(hours=4, minutes=1)
    lift_exclusion(exclusion_id=exclusion.pk, actor=DESK)
    assert SiteExclusion.objects.get().until_at <= timezone.now()
    run_outbox()
    assert live(order) == [("BER", "planned", 3)]
    with pytest.raises(RejectRefused):
        lift_exclusion(exclusion_id=exclusion.pk, actor=DESK)
    assert invariants.violations() == []


def test_an_exclusion_names_the_rejected_products_alone(near: WarehouseSetup, mug: Product) -> None:
    bowl = make_product("BOWL")
    add_stock(near, mug, 5)
    add_stock(near, bowl, 5)
    _, shipment = routed((mug, 3), (bowl, 1))

    reject(shipment, 3, make_reason(effect="mismatch", excludes_hours=24))

    assert list(SiteExclusion.objects.values_list("product__sku", flat=True)) == ["MUG"]


def test_a_count_is_asked_for_before_the_goods_go_to_the_missing_bin(
    near: WarehouseSetup, mug: Product
) -> None:
    add_stock(near, mug, 5, bin_code="A-01")
    add_stock(near, mug, 2, bin_code="A-02")
    _, shipment = routed((mug, 3))

    reject(shipment, 3, make_reason("gone", effect="set_to_zero", opens_count=True))

    count = StockCount.objects.get()
    assert (count.origin, count.warehouse_id) == ("rejection", near.pk)
    assert count.reason == f"{shipment.number}: Gone"
    assert sorted(count.lines.values_list("bin__code", flat=True)) == ["A-01", "A-02"]
    assert invariants.violations() == []


def test_rejections_lower_the_score_for_ninety_days(near: WarehouseSetup, mug: Product) -> None:
    add_stock(near, mug, 9)
    shipments = [routed((mug, 2))[1] for _ in range(3)]

    reject(shipments[0], 1, make_reason(effect="mismatch"))
    reject(shipments[1], 2, make_reason("late", lowers_reliability=False))

    score = SiteScore.objects.get()
    assert (score.lines, score.rejected, score.score) == (2, 1, Decimal("50.0"))
    score_sites(now=timezone.now() + timedelta(days=91), actor=DESK)
    score = SiteScore.objects.get()
    assert (score.lines, score.rejected, score.score) == (0, 0, Decimal("100.0"))


def test_what_no_other_warehouse_ships_becomes_a_case(near: WarehouseSetup, mug: Product) -> None:
    add_stock(near, mug, 5)
    order, shipment = routed((mug, 3))

    reject(shipment, 3, make_reason(effect="set_to_zero"))
    run_outbox()

    assert state(order) == [(0, 0, 3)]
    case = Case.objects.get(kind="rejection")
    assert case.sentence == (
        f"{order.number}: BER rejected 3 × MUG, and no other warehouse can ship it now."
    )
    assert (case.proposed_fix, case.document_id) == ("route_order", order.pk)


def test_a_held_order_is_no_case_and_waits(near: WarehouseSetup, mug: Product) -> None:
    add_stock(near, mug, 5)
    order, shipment = routed((mug, 3))
    hold_order(order_id=order.pk, kind="routing", reason="credit", actor=DESK)

    reject(shipment, 3, make_reason(effect="nothing"))
    run_outbox()

    assert state(order) == [(3, 0, 0)]
    assert not Case.objects.filter(kind="rejection").exists()
    assert invariants.violations() == []


def test_picked_units_and_finished_shipments_are_not_rejected(
    near: WarehouseSetup, mug: Product
) -> None:
    add_stock(near, mug, 5)
    _, shipment = routed((mug, 3))
    release_shipments(shipment_ids=[shipment.pk], actor=PICKER)
    task = Pick.objects.get()
    pick(pick_id=task.pk, quantity=2, actor=PICKER)
    reason = make_reason(effect="mismatch")

    with pytest.raises(RejectRefused, match="1 are not picked yet"):
        reject(shipment, 2, reason)
    with pytest.raises(RejectRefused, match="at least one"):
        reject(shipment, 0, reason)
    pick(pick_id=task.pk, quantity=1, actor=PICKER)
    with pytest.raises(RejectRefused, match="is picked"):
        reject(shipment, 1, reason)

    assert not Rejection.objects.exists()
    assert ShipmentLine.objects.get().quantity == 3
    assert invariants.violations() == []


def test_a_reason_that_was_switched_off_is_refused(near: WarehouseSetup, mug: Product) -> None:
    add_stock(near, mug, 5)
    _, shipment = routed((mug, 3))

    with pytest.raises(Unknown):
        reject(shipment, 1, make_reason(is_active=False))

    assert not Rejection.objects.exists()


def test_many_lines_with_long_skus_are_rejected_at_once(
    near: WarehouseSetup, far: WarehouseSetup
) -> None:
    products = [make_product(f"SHELF-RACK-GALVANIZED-{n:02}-BOARDS") for n in range(9)]
    for product in products:
        add_stock(near, product, 5)
        add_stock(far, product, 5)
    order, shipment = routed(*((product, 2) for product in products))
    reason = make_reason("gone", effect=RejectionReason.Effect.SET_TO_ZERO, excludes_hours=24)

    reject_lines(
        shipment_id=shipment.pk,
        lines=[RejectedUnits(line.pk, line.quantity) for line in shipment.lines.order_by("pk")],
        reason_id=reason.pk,
        note="The bay was flooded. " * 20,
        actor=PICKER,
    )
    run_outbox()

    told = Activity.objects.get(verb="rejected", document_kind="shipment", document_id=shipment.pk)
    assert all(product.sku in told.new for product in products)
    assert sum(line.allocated for line in lines_of(order)) == 18
    assert set(Shipment.objects.exclude(pk=shipment.pk).values_list("warehouse", flat=True)) == {
        far.pk
    }
    assert list(invariants.violations()) == []
