"""A replay over a past that was made by hand: the stock of then, what came in, exact figures."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from fulfillment.exceptions import RuleRefused
from fulfillment.models import (
    Carrier,
    CarrierService,
    RateStep,
    RateZone,
    ReplayOrder,
    ReplayRun,
    RuleSet,
)
from fulfillment.outcomes import Sums
from fulfillment.selectors.replay_page import figure_rows
from fulfillment.services.replay import run_replay, start_replay
from fulfillment.services.route import route_orders
from fulfillment.services.routing_rules import RuleDraft
from fulfillment.services.rule_sets import activate_rule_set, create_rule_set
from inventory.models import MovementKind, Product
from inventory.services.goods import BinMove, block
from inventory.services.past_movements import PastMovement, keep_movements
from oms.core.actors import SYSTEM
from oms.core.models import Job
from oms.core.progress import JobCanceled, JobHandle
from orders.models import Order, OrderAddress
from tests.factories import (
    DESK,
    WarehouseSetup,
    line_draft,
    make_customer,
    make_product,
    make_warehouse,
    take_order,
)
from tests.people import browser_of, key_on, make_person

pytestmark = pytest.mark.django_db
LIST = "/admin/fulfillment/ruleset/"
PLACES: dict[str, dict[str, Any]] = {
    "HUB": {"latitude": 52.53, "longitude": 13.38},
    "FAR": {"city": "Paris", "country": "FR", "latitude": 48.86, "longitude": 2.35},
}


def days_ago(days: int, hour: int = 9) -> datetime:
    return (timezone.now() - timedelta(days=days)).replace(hour=hour, minute=0, second=0)


def at(days: int, order: Order) -> Order:
    """Let an order for the middle of Berlin have been placed then."""
    OrderAddress.objects.filter(pk=order.ship_to_id).update(latitude=52.52, longitude=13.40)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_order SET placed_at = %s WHERE id = %s", [days_ago(days), order.pk]
        )
    return order


def came(site: WarehouseSetup, product: Product, quantity: int, days: int) -> PastMovement:
    return PastMovement(
        kind=MovementKind.RECEIVE if quantity > 0 else MovementKind.SHIP,
        warehouse_id=site.pk,
        product_id=product.pk,
        bin_id=site.bins["A-01"].pk,
        quantity=quantity,
        at=days_ago(days),
    )


class World:
    """Two warehouses and a product: four in the hub and ten afar, six more in the hub later."""

    def __init__(self) -> None:
        self.hub, self.far = (make_warehouse(code, **facts) for code, facts in PLACES.items())
        self.product = make_product("CUP")
        keep_movements(
            [
                came(self.hub, self.product, 9, 40),
                came(self.far, self.product, 10, 40),
                came(self.hub, self.product, -5, 35),
                came(self.hub, self.product, 6, 8),
                came(self.hub, self.product, -2, 7),
            ],
            actor=SYSTEM,
        )
        customer = make_customer()
        wanted = {"customer": customer, "requested_date": None}
        self.first = at(20, take_order(line_draft("CUP", 3), **wanted))
        self.second = at(15, take_order(line_draft("CUP", 3), **wanted))
        self.third = at(5, take_order(line_draft("CUP", 6), **wanted))
        self.active = create_rule_set(
            name="Nearest", rules=[RuleDraft(name="Nearest", preference=["distance"])], actor=DESK
        )
        activate_rule_set(rule_set_id=self.active.pk, actor=DESK)
        self.tried = create_rule_set(
            name="Whole", rules=[RuleDraft(name="Whole", split="never")], actor=DESK
        )


def replayed(rule_set: RuleSet, days: int = 30) -> ReplayRun:
    run = start_replay(rule_set_id=rule_set.pk, days=days, actor=DESK)
    run_replay(JobHandle("JB-1", {"run": run.pk}, DESK))
    return ReplayRun.objects.get(pk=run.pk)


def sent(outcome: dict[str, Any]) -> list[tuple[str, int]]:
    return [(each["site"], each["units"]) for each in outcome["sent"]]


def test_both_sets_decide_the_past_from_the_stock_of_then() -> None:
    world = World()

    run = replayed(world.tried)

    # The hub has 9 - 5 = 4, then 3 + 1 go, six come; what had left for these orders counts for nothing.
    assert (run.orders, run.changed) == (3, 1)
    change = ReplayOrder.objects.get()
    assert change.order == world.second
    assert sent(change.active) == [("HUB", 1), ("FAR", 2)]
    assert sent(change.tried) == [("FAR", 3)]
    assert change.tried["differs"] == ["warehouse", "shipments"]
    active, tried = run.figures["active"], run.figures["tried"]
    assert (active["shipments"], active["splits"]) == (4, 1)
    assert (tried["shipments"], tried["splits"]) == (3, 0)
    assert (active["unpriced"], active["cost"], active["dated"]) == (4, "0", 0)
    assert active["owed"] == tried["owed"] == 0
    assert run.figures["differences"] == {"warehouse": 1, "shipments": 1}


def test_the_window_begins_with_what_was_there_and_leaves_older_orders_out() -> None:
    world = World()

    run = replayed(world.tried, days=18)

    # Nobody had taken the first order's three in the ledger: the hub has four as the window begins.
    assert (run.orders, run.changed) == (2, 0)
    assert run.figures["active"]["shipments"] == 2


def test_cost_and_lateness_follow_from_the_rate_tables() -> None:
    world = World()
    carrier = Carrier.objects.create(code="post", title="Post")
    service = CarrierService.objects.create(carrier=carrier, code="parcel", title="Parcel", currency="EUR")  # fmt: skip
    for origin, transit, amount in ((world.hub, 1, "4.00"), (world.far, 9, "3.00")):
        zone = RateZone.objects.create(
            service=service, title=origin.warehouse.code, origin=origin.warehouse, country="DE",
            transit_days=transit,
        )  # fmt: skip
        RateStep.objects.create(zone=zone, up_to_kg=30, amount=Decimal(amount))
    needed: date = days_ago(15).date() + timedelta(days=5)
    Order.objects.filter(pk=world.second.pk).update(requested_date=needed)

    run = replayed(world.tried)

    # 0.12 for each line picked and 0.35 for each carton come on top of the freight.
    active, tried = run.figures["active"], run.figures["tried"]
    assert (active["cost"], tried["cost"]) == ("16.88", "12.41")
    assert (active["dated"], active["late"], tried["late"]) == (1, 1, 1)


def test_goods_made_free_come_in_and_allocations_of_older_orders_go_out() -> None:
    world = World()
    older = at(60, take_order(line_draft("CUP", 4), customer=make_customer()))
    route_orders([older.pk], actor=SYSTEM)
    hub = world.hub.bins
    block(
        [BinMove(
            warehouse_id=world.hub.pk, product_id=world.product.pk, quantity=1,
            bin_from_id=hub["A-01"].pk, bin_to_id=hub["QUAR"].pk, idem_key="damaged", reason="damaged",
        )],
        actor=SYSTEM,
    )  # fmt: skip
    late = take_order(line_draft("CUP", 20), customer=make_customer())

    run = replayed(world.tried)

    # The hub owes what the older order and the quarantine took there; afar eight are left, not all of it.
    assert (run.orders, run.changed) == (4, 2)
    assert run.figures["active"]["owed"] == 12
    assert run.figures["tried"]["owed"] == 20
    change = ReplayOrder.objects.get(order=late)
    assert (sent(change.active), sent(change.tried)) == ([("FAR", 8)], [])


def test_the_same_replay_twice_gives_the_same() -> None:
    world = World()

    one, other = replayed(world.tried), replayed(world.tried)

    assert one.figures == other.figures
    kept = ReplayOrder.objects.order_by("run", "order").values_list("order", "active", "tried")
    assert [*kept.filter(run=one)] == [*kept.filter(run=other)]


@pytest.mark.parametrize("days", [0, 181])
def test_a_window_that_is_none_is_refused(days: int) -> None:
    world = World()

    with pytest.raises(RuleRefused, match="1 to 180 days"):
        start_replay(rule_set_id=world.tried.pk, days=days, actor=DESK)

    assert not ReplayRun.objects.exists()
    assert not Job.objects.exists()


def test_the_active_set_and_one_without_rules_are_not_replayed() -> None:
    world = World()
    empty = create_rule_set(name="Empty", actor=DESK)

    with pytest.raises(RuleRefused, match="nothing to compare"):
        start_replay(rule_set_id=world.active.pk, days=30, actor=DESK)
    with pytest.raises(RuleRefused, match="no rule that is enabled"):
        start_replay(rule_set_id=empty.pk, days=30, actor=DESK)

    assert not ReplayRun.objects.exists()


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


def test_a_replay_is_started_watched_and_read(manager: Client) -> None:
    world = World()
    page = f"{LIST}{world.tried.pk}/"
    form = {"form_key": key_on(manager, page), "days": "30"}

    answer = manager.post(f"{page}replay/", form)

    run = ReplayRun.objects.get()
    assert answer["Location"] == f"{page}replay/{run.pk}/"
    shown = manager.get(answer["Location"]).content.decode()
    assert "It waits for a worker" in shown
    assert "Activate this set" not in shown
    run_replay(JobHandle("JB-1", {"run": run.pk}, DESK))
    shown = manager.get(answer["Location"]).content.decode()
    assert "1 of 3 orders would go another way." in shown
    assert "HUB 1 unit, FAR 2 units; there on" not in shown
    assert "HUB 1 unit, FAR 2 units" in shown
    assert f'href="/admin/orders/order/{world.second.number}/"' in shown
    assert "Activate this set" in shown
    narrowed = manager.get(f"{answer['Location']}?view=late").content.decode()
    assert world.second.number not in narrowed
    assert "1 of 3 orders go another way" in manager.get(page).content.decode()


@pytest.mark.parametrize(("days", "said"), [(1, "1 day"), (2, "2 days")])
def test_the_job_of_a_replay_says_over_how_many_days(days: int, said: str) -> None:
    start_replay(rule_set_id=World().tried.pk, days=days, actor=DESK)

    assert Job.objects.get().title == f"Replay of “Whole” over {said}"


def test_differences_are_those_of_the_figures_that_are_shown() -> None:
    sums = dict.fromkeys([field.name for field in fields(Sums)], 0)
    active = sums | {"orders": 537, "dated": 537, "late": 145, "km": 684_613.4}
    tried = sums | {"orders": 537, "dated": 537, "late": 138, "km": 792_678.6}

    rows = {row.label: row for row in figure_rows({"active": active, "tried": tried})}

    late, way = rows["Late"], rows["Way (km)"]
    assert (late.active, late.tried, late.difference) == ("27.0 %", "25.7 %", "−1.3 points")
    assert (way.active, way.tried, way.difference) == ("684,613", "792,679", "+108,066")


def test_a_wrong_number_of_days_comes_back_with_a_sentence(manager: Client) -> None:
    world = World()
    page = f"{LIST}{world.tried.pk}/"

    answer = manager.post(f"{page}replay/", {"form_key": key_on(manager, page), "days": "400"})

    assert answer.status_code == 422
    assert "less than or equal to 180" in answer.content.decode()
    assert not ReplayRun.objects.exists()


def test_replays_are_for_those_who_may_see_and_change_rules(manager: Client) -> None:
    world = World()
    run = start_replay(rule_set_id=world.tried.pk, days=30, actor=DESK)
    picker = browser_of(make_person("warehouse"))
    page = f"{LIST}{world.tried.pk}/replay/"

    assert picker.get(f"{page}{run.pk}/").status_code == 403
    assert picker.post(page, {"form_key": "k" * 20, "days": "3"}).status_code == 403
    assert manager.get(f"{page}999999/").status_code == 404
    assert ReplayRun.objects.count() == 1


def test_a_replay_that_is_stopped_keeps_nothing() -> None:
    world = World()
    run = start_replay(rule_set_id=world.tried.pk, days=30, actor=DESK)
    job = JobHandle("JB-1", {"run": run.pk}, DESK)
    job.stop()

    with pytest.raises(JobCanceled):
        run_replay(job)

    assert not ReplayOrder.objects.exists()
    assert ReplayRun.objects.get().finished_at is None
