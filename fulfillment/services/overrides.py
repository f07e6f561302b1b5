"""Routing by hand: a person says which warehouse ships which units of an order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from fulfillment.assignments import Placed, torn_kits
from fulfillment.events import OrderRouted
from fulfillment.exceptions import MoveRefused, OnHold, Unknown
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.selectors.available import available_at
from fulfillment.services.carriage import choose_services
from fulfillment.services.decisions import ByHand, distance_km, record_decisions
from fulfillment.services.demand import DEMAND_KIND
from fulfillment.services.locks import Work, lock_work
from fulfillment.services.places import Place, change_places, find_days
from fulfillment.services.reduce import cancel_empty, cut_lines
from inventory.models import Product, Warehouse
from inventory.services.claims import (
    AllocationRequest,
    ClaimChange,
    change_reservations,
    reallocate,
)
from oms.core import activity, cases
from oms.core.actors import Actor
from oms.core.events import publish
from orders.models import Order, OrderAddress, OrderLine
from orders.services.counters import UnitMove, move_units, start_fulfillment
from orders.statuses import Units

Spot = tuple[int, int]
"""An order line at a warehouse."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """So many units of an order line ship from a warehouse."""

    line_id: int
    warehouse_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class _Desk:
    """Everything that a decision is held against, locked."""

    order: Order
    work: Work
    lines: dict[int, OrderLine]
    per_set: dict[int, int]
    planned: dict[Spot, list[ShipmentLine]]

    def now_at(self, spot: Spot) -> int:
        return sum(part.quantity for part in self.planned.get(spot, []))

    def ship_to(self, line: OrderLine) -> int:
        return line.ship_to_id or self.order.ship_to_id

    def movable(self, line_id: int) -> int:
        """Units that no warehouse works on yet: open, backordered, or on a planned shipment."""
        line = self.lines[line_id]
        planned = sum(self.now_at(spot) for spot in self.planned if spot[0] == line_id)
        return line.open + line.backordered + planned


@transaction.atomic
def override_route(
    *, order_id: int, assignments: Sequence[Assignment], reason: str, actor: Actor
) -> list[int]:
    """Ship an order's units from where a person says; gives back the shipments that changed.

    The assignments say where everything ships from that nobody works on yet: units of planned
    shipments that are not named again are open, those that are named leave open, backordered or
    another warehouse's shipment. Safety stock, exclusions and the claims of others do not bind, what
    is available does. The decision is kept with its reason.

    :raises MoveRefused: a warehouse lacks units or room for one more shipment, a line has fewer, a kit
        would be torn apart, or nothing would change; nothing was changed.
    :raises InsufficientCapacity: others took the last place meanwhile; nothing was changed.
    :raises OnHold: a hold stops routing.
    :raises Unknown: there is no such order, line or warehouse.
    """
    if not reason.strip():
        raise MoveRefused("Say why: the reason is kept with the decision.")
    desk = _lock(order_id)
    target = _target(desk, assignments)
    changes = {
        spot: delta
        for spot in sorted({*target, *desk.planned})
        if (delta := target.get(spot, 0) - desk.now_at(spot))
    }
    if not changes:
        raise MoveRefused("Nothing would change: the units ship from there already.")
    sites = _sites(target)
    _refuse_torn(desk, target)
    _refuse_lacking(desk, changes, sites)
    touched = _take_away(desk, changes) | _add(desk, changes, sites)
    places = _places(touched - desk.work.shipments.keys())
    moves = _moves(desk, changes)
    _record(desk, target, moves, reason, actor=actor)
    start_fulfillment({desk.order: _units_after(desk, moves)}, actor=actor)
    move_units(moves, actor=actor)
    cancel_empty(
        {pk: x for pk, x in desk.work.shipments.items() if pk in touched}, actor=actor, note=reason
    )
    live = ShipmentLine.objects.filter(shipment__in=touched, quantity__gt=0)
    keys = sorted(set(live.values_list("shipment_id", flat=True)))
    choose_services(shipment_ids=keys, actor=actor)
    publish(OrderRouted(order_id=order_id))
    change_reservations(_claims(desk, moves), actor=actor)
    reallocate(
        _requests(desk, {spot: -n for spot, n in changes.items()}),
        _requests(desk, changes),
        actor=actor,
        reason="routed by hand",
    )
    change_places(places, actor=actor)
    return keys


def _lock(order_id: int) -> _Desk:
    own = ShipmentLine.objects.filter(
        order_line__order=order_id, shipment__status=Shipment.Status.PLANNED, quantity__gt=0
    )
    keys = sorted(set(own.values_list("shipment_id", flat=True)))
    sharing = ShipmentLine.objects.filter(shipment__in=keys)
    orders = {order_id, *sharing.values_list("order_line__order_id", flat=True)}
    found = {order.pk: order for order in Order.objects.lock_all(orders)}
    if order_id not in found:
        raise Unknown("There is no such order.")
    order = found[order_id]
    if order.status not in {Order.Status.PLACED, Order.Status.IN_FULFILLMENT}:
        raise MoveRefused(f"{order} is {order.get_status_display().lower()}: it is not routed.")
    if not order.is_routable:
        raise OnHold(f"{order} is on hold: lift the hold before it is routed.")
    work = lock_work(keys)
    every = OrderLine.objects.filter(order=order_id)
    sets = dict(every.filter(kind=OrderLine.Kind.KIT).values_list("pk", "sets"))
    parts = every.exclude(kind=OrderLine.Kind.KIT).values_list("pk", flat=True)
    lines = {line.pk: line for line in OrderLine.objects.lock_all(parts)}
    planned: dict[Spot, list[ShipmentLine]] = defaultdict(list)
    for part in own.order_by("pk"):
        shipment = work.shipments[part.shipment_id]
        if shipment.status == Shipment.Status.PLANNED:
            planned[part.order_line_id, shipment.warehouse_id].append(part)
    per_set = {
        pk: x.ordered // (sets[x.parent_id] or 1) if x.parent_id else 1 for pk, x in lines.items()
    }
    return _Desk(order, work, lines, per_set, dict(planned))


def _target(desk: _Desk, assignments: Sequence[Assignment]) -> dict[Spot, int]:
    target: dict[Spot, int] = defaultdict(int)
    total: dict[int, int] = defaultdict(int)
    for each in assignments:
        if each.line_id not in desk.lines:
            raise Unknown(f"{desk.order} has no such line.")
        if each.quantity < 0:
            raise MoveRefused("No warehouse ships fewer than no units.")
        if each.quantity:
            target[each.line_id, each.warehouse_id] += each.quantity
            total[each.line_id] += each.quantity
    for line_id, units in total.items():
        movable, line = desk.movable(line_id), desk.lines[line_id]
        if units > movable:
            raise MoveRefused(
                f"Line {line.position} of {desk.order}: {units} units are given to warehouses,"
                f" {movable} can still be routed."
            )
    return dict(target)


def _sites(target: Mapping[Spot, int]) -> dict[int, Warehouse]:
    wanted = {warehouse_id for _, warehouse_id in target}
    sites = {site.pk: site for site in Warehouse.objects.filter(pk__in=wanted)}
    if wanted - sites.keys():
        raise Unknown("There is no such warehouse.")
    for site in sites.values():
        if not site.is_active:
            raise MoveRefused(f"{site} is not active: choose another warehouse.")
    return sites


def _refuse_torn(desk: _Desk, target: Mapping[Spot, int]) -> None:
    parts = []
    for line_id, line in desk.lines.items():
        units = {site: n for (key, site), n in target.items() if key == line_id}
        units[0] = desk.movable(line_id) - sum(units.values())
        parts.append(Placed(line.parent_id, desk.per_set[line_id], units))
    if torn := torn_kits(parts):
        kit = OrderLine.objects.get(pk=torn[0])
        raise MoveRefused(
            f"Line {kit.position} of {desk.order} is a kit: each set of {kit.description} ships from"
            " one warehouse."
        )


def _refuse_lacking(
    desk: _Desk, changes: Mapping[Spot, int], sites: Mapping[int, Warehouse]
) -> None:
    wanted: dict[tuple[int, int], int] = defaultdict(int)
    for (line_id, warehouse_id), delta in changes.items():
        wanted[warehouse_id, desk.lines[line_id].product_id] += delta
    there = available_at({site for site, _ in wanted}, {pk for _, pk in wanted})
    skus = dict(Product.objects.filter(pk__in={pk for _, pk in wanted}).values_list("pk", "sku"))
    for (site, pk), more in sorted(wanted.items()):
        available = max(0, there.get((site, pk), 0))
        if more > available:
            raise MoveRefused(
                f"{sites[site]} lacks {more - available} of {skus[pk]}: {available} more are available."
            )


def _take_away(desk: _Desk, changes: Mapping[Spot, int]) -> set[int]:
    cuts: dict[int, int] = {}
    touched = set()
    for spot, delta in changes.items():
        left = -delta
        for part in reversed(desk.planned.get(spot, [])):
            if (units := min(left, part.quantity)) > 0:
                cuts[part.pk] = units
                touched.add(part.shipment_id)
                left -= units
    cut_lines(cuts)
    return touched


def _add(desk: _Desk, changes: Mapping[Spot, int], sites: Mapping[int, Warehouse]) -> set[int]:
    """Put units on the planned shipment that goes the same way, or on a new one."""
    ways: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for (line_id, site), delta in changes.items():
        if delta > 0:
            ways[site, desk.ship_to(desk.lines[line_id])][line_id] = delta
    touched = set()
    for (site, ship_to_id), units in ways.items():
        shipment_id = _shipment(desk, sites[site], ship_to_id)
        touched.add(shipment_id)
        for line_id, quantity in units.items():
            line, is_new = ShipmentLine.objects.get_or_create(
                shipment_id=shipment_id,
                order_line_id=line_id,
                defaults={"quantity": quantity},
            )
            if not is_new:
                ShipmentLine.objects.filter(pk=line.pk).update(quantity=line.quantity + quantity)
        shipment = Shipment.objects.get(pk=shipment_id)
        total = shipment.units + sum(units.values())
        Shipment.objects.filter(pk=shipment_id).update(units=total)
    return touched


def _shipment(desk: _Desk, site: Warehouse, ship_to_id: int) -> int:
    for shipment in desk.work.shipments.values():
        way = (shipment.warehouse_id, shipment.ship_to_id, shipment.status)
        if way == (site.pk, ship_to_id, Shipment.Status.PLANNED):
            return shipment.pk
    order = desk.order
    return Shipment.objects.create(
        warehouse=site,
        customer_id=order.customer_id,
        ship_to_id=ship_to_id,
        priority=order.priority,
        locale=order.locale,
        distance_km=distance_km(site, OrderAddress.objects.get(pk=ship_to_id)),
    ).pk


def _places(new: Collection[int]) -> list[Place]:
    """Put new shipments on days of their warehouses that have room."""
    shipments = Shipment.objects.in_bulk(new)
    days = find_days(Counter(each.warehouse_id for each in shipments.values()))
    for site_id, day in days.items():
        Shipment.objects.filter(pk__in=new, warehouse=site_id).update(capacity_date=day)
    return [(each.warehouse_id, days[each.warehouse_id]) for each in shipments.values()]


def _moves(desk: _Desk, changes: Mapping[Spot, int]) -> list[UnitMove]:
    """What shipments gain comes from open units first; what they lose is open again."""
    total: dict[int, int] = defaultdict(int)
    for (line_id, _), delta in changes.items():
        total[line_id] += delta
    moves = []
    for line_id, delta in sorted(total.items()):
        from_open = max(0, min(delta, desk.lines[line_id].open))
        steps = [
            ("open", "allocated", from_open),
            ("backordered", "allocated", delta - from_open),
            ("allocated", "open", -delta),
        ]
        moves += [UnitMove(line_id, a, b, units) for a, b, units in steps if units > 0]
    return moves


def _units_after(desk: _Desk, moves: Iterable[UnitMove]) -> Units:
    units = {
        state: sum(getattr(line, state) for line in desk.lines.values()) for state in Units._fields
    }
    for move in moves:
        units[move.source] -= move.quantity
        units[move.target] += move.quantity
    return Units(**units)


def _claims(desk: _Desk, moves: Iterable[UnitMove]) -> list[ClaimChange]:
    kinds = {"open": "order", "backordered": "backorder"}
    return [
        ClaimChange(
            demand_kind=DEMAND_KIND,
            demand_id=move.line_id,
            delta=-move.quantity if move.source in kinds else move.quantity,
            kind=kinds[move.source if move.source in kinds else move.target],
            product_id=desk.lines[move.line_id].product_id,
            rank_at=desk.order.placed_at,
        )
        for move in moves
    ]


def _requests(desk: _Desk, changes: Mapping[Spot, int]) -> list[AllocationRequest]:
    return [
        AllocationRequest(
            warehouse_id=site,
            product_id=desk.lines[line_id].product_id,
            quantity=units,
            demand_kind=DEMAND_KIND,
            demand_id=line_id,
        )
        for (line_id, site), units in changes.items()
        if units > 0
    ]


def _record(
    desk: _Desk,
    target: Mapping[Spot, int],
    moves: Sequence[UnitMove],
    reason: str,
    *,
    actor: Actor,
) -> None:
    ways: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for (line_id, site), units in sorted(target.items()):
        ways[site, desk.ship_to(desk.lines[line_id])][line_id] = units
    before: dict[int, int] = defaultdict(int)
    for spot in desk.planned:
        before[spot[1]] += desk.now_at(spot)
    rest = {state: {pk: getattr(x, state) for pk, x in desk.lines.items()} for state in ("open", "backordered")}  # fmt: skip
    for move in moves:
        for state, sign in ((move.source, -1), (move.target, 1)):
            if state in rest:
                rest[state][move.line_id] += sign * move.quantity
    left = {state: {pk: n for pk, n in units.items() if n} for state, units in rest.items()}
    decision = ByHand(desk.order.pk, ways, dict(before), left["backordered"], left["open"])
    record_decisions([decision], reason=reason, actor=actor)
    activity.record(desk.order, "routed by hand", actor=actor, note=reason)
    if not left["open"]:
        cases.close_case(f"route:{desk.order.pk}", actor=actor)
