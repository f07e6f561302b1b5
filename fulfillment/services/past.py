"""The past as the planner reads it: stock at a moment, what came and went since, the orders placed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby, islice
from typing import Any

from django.db import connection

from fulfillment.plans import Demand, LineDemand, Offer, Site
from fulfillment.promising import is_past_cut_off
from fulfillment.rating import OfferBook, Place, load, place
from fulfillment.replaying import Change, Moment, Opening
from fulfillment.rules import RuleSet
from fulfillment.selectors.docks import Gate, load_gates
from fulfillment.selectors.offers import book
from fulfillment.selectors.sites import load_sites
from fulfillment.services.demand import DEMAND_KIND, company_value
from fulfillment.services.situation import with_shares
from inventory.models import Product, StockLevel, Warehouse
from oms.core.distance import Position

CHUNK = 100
"""Rows, or orders, that are read at once: memory does not grow, and while they are decided the
transaction is never idle for as long as the server allows.
"""


@dataclass(frozen=True, slots=True)
class Window:
    """From a moment on, until just before another."""

    from_at: datetime
    to_at: datetime


# --- Stock ----------------------------------------------------------------------------------------


def opening_of(window: Window) -> Opening:
    """What was available as the window began: the ledger's totals after the last movement before it."""
    usable: dict[int, dict[int, int]] = defaultdict(dict)
    safety: dict[int, dict[int, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_OPENING, [window.from_at])
        for product_id, warehouse_id, available, kept in cursor.fetchall():
            usable[product_id][warehouse_id] = available - kept
            if kept:
                safety[product_id][warehouse_id] = kept
    levels: dict[int, dict[int, int]] = defaultdict(dict)
    capped = StockLevel.objects.filter(backorder_cap__isnull=False)
    for product_id, warehouse_id, cap in capped.values_list(
        "product_id", "warehouse_id", "backorder_cap"
    ):
        levels[product_id][warehouse_id] = cap or 0
    products = Product.objects.filter(backorder_cap__isnull=False)
    caps = {pk: cap or 0 for pk, cap in products.values_list("pk", "backorder_cap")}
    return Opening(usable, safety, caps, levels)


_OPENING = """
SELECT level.product_id, level.warehouse_id, COALESCE(last.available, 0), level.safety_stock
FROM inventory_stocklevel level
LEFT JOIN LATERAL (
  SELECT on_hand_after - allocated_after - blocked_after AS available
  FROM inventory_stockmovement movement
  WHERE movement.warehouse_id = level.warehouse_id AND movement.product_id = level.product_id
    AND movement.at < %s
  ORDER BY movement.id DESC LIMIT 1) last ON true"""


def changes_in(window: Window) -> Iterator[Change]:
    """What came and went in the window, but for its own orders: those are decided anew."""
    for at, product_id, warehouse_id, units in _rows(
        _CHANGES, {**_bounds(window), "kind": DEMAND_KIND}
    ):
        yield Change(at, product_id, warehouse_id, units)


# Goods that leave for an order were allocated to it; those of the time before the ledger were not.
_CHANGES = """
SELECT movement.at, movement.product_id, movement.warehouse_id,
  movement.on_hand_delta - movement.allocated_delta - movement.blocked_delta AS units
FROM inventory_stockmovement movement
LEFT JOIN orders_orderline line
  ON movement.demand_kind = %(kind)s AND line.id = movement.demand_id
LEFT JOIN orders_order placed ON placed.id = line.order_id
WHERE movement.at >= %(from_at)s AND movement.at < %(to_at)s
  AND movement.on_hand_delta - movement.allocated_delta - movement.blocked_delta <> 0
  AND movement.kind NOT IN ('ship', 'unship')
  AND (placed.id IS NULL OR placed.placed_at < %(from_at)s)
ORDER BY movement.at, movement.id"""


# --- Orders ---------------------------------------------------------------------------------------


def count_orders(window: Window) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, _bounds(window))
        return int(cursor.fetchone()[0])


def demands_in(window: Window, rule_sets: Sequence[RuleSet]) -> Iterator[Demand]:
    """The orders of the window in the order in which they were placed, less what was canceled."""
    keeping = next((x for x in rule_sets if any(r.sites.keeps_share for r in x.rules)), None)
    rows = groupby(_rows(_DEMANDS, _bounds(window)), key=lambda row: row[0])
    demands = (_demand(list(lines)) for _, lines in rows)
    while chunk := list(islice(demands, CHUNK)):
        yield from with_shares(chunk, keeping) if keeping else chunk


def _demand(rows: Sequence[tuple[Any, ...]]) -> Demand:
    key, placed_at, priority, channel, currency, total, requested, tags, *policy = rows[0][:11]
    lines = [row[11:] for row in rows]
    return Demand(
        order_id=key,
        rank_at=placed_at,
        lines=[_line(line) for line in lines],
        destinations={line[3]: _position(line[6], line[7]) for line in lines},
        priority=priority,
        allows_partial_shipment=policy[1],
        allows_backorder=policy[2],
        channel_id=channel,
        profile=policy[0],
        countries=frozenset(line[8] for line in lines),
        value=company_value(total, currency),
        tags=frozenset(tags),
        requested_date=requested,
    )


def _line(row: tuple[Any, ...]) -> LineDemand:
    line_id, product_id, quantity, ship_to_id, kit_id, per_set = row[:6]
    weight, volume, length, group, promised = row[9:]
    return LineDemand(
        line_id,
        product_id,
        quantity,
        ship_to_id,
        kit_id,
        per_set or 1,
        weight_kg=weight,
        volume_l=volume,
        length_mm=length,
        promised_date=promised,
        group=group,
    )


def _position(latitude: float | None, longitude: float | None) -> Position | None:
    return None if latitude is None or longitude is None else Position(latitude, longitude)


_PLACED = """
FROM orders_order placed
WHERE placed.placed_at >= %(from_at)s AND placed.placed_at < %(to_at)s AND EXISTS (
  SELECT FROM orders_orderline line WHERE line.order_id = placed.id AND line.kind <> 'kit'
    AND line.ordered > line.canceled)"""
_COUNT = f"SELECT count(*) {_PLACED}"
_DEMANDS = """
SELECT placed.id, placed.placed_at, placed.priority, placed.channel_id, placed.currency,
  placed.total_amount, placed.requested_date, placed.tags,
  customer.kind, customer.allows_partial_shipment, customer.allows_backorder,
  line.id, line.product_id, line.ordered - line.canceled, address.id, line.parent_id,
  line.ordered / kit.sets, address.latitude, address.longitude, address.country,
  COALESCE(product.weight_kg, 0)::float,
  COALESCE(product.length_mm::float * product.width_mm * product.height_mm / 1e6, 0),
  COALESCE(greatest(product.length_mm, product.width_mm, product.height_mm), 0),
  COALESCE(whole.ship_group, product.ship_group), promise.promised_date
FROM orders_order placed
JOIN orders_customer customer ON customer.id = placed.customer_id
JOIN orders_orderline line ON line.order_id = placed.id AND line.kind <> 'kit'
  AND line.ordered > line.canceled
JOIN orders_orderaddress address ON address.id = COALESCE(line.ship_to_id, placed.ship_to_id)
JOIN inventory_product product ON product.id = line.product_id
LEFT JOIN orders_orderline kit ON kit.id = line.parent_id
LEFT JOIN inventory_product whole ON whole.id = kit.product_id
LEFT JOIN fulfillment_linepromise promise ON promise.order_line_id = line.id
WHERE placed.placed_at >= %(from_at)s AND placed.placed_at < %(to_at)s
ORDER BY placed.placed_at, placed.id, line.id"""


# --- Warehouses and carriers ----------------------------------------------------------------------


@dataclass
class PastClock:
    """Warehouses and offers as of a moment: calendars and cut-offs then, rates and reliability of today."""

    sites: Sequence[Site]
    gates: Mapping[int, Gate]
    capacity: Mapping[int, int]
    offers: OfferBook
    _last: tuple[datetime | None, Moment] = (None, Moment(()))
    _moments: dict[tuple[Any, ...], Moment] = field(default_factory=dict)

    def at(self, now: datetime) -> Moment:
        """The same for all sets that ask for one moment."""
        if self._last[0] != now:
            self._last = now, self._moment(now)
        return self._last[1]

    def _moment(self, now: datetime) -> Moment:
        late = {pk: _is_late(now, gate) for pk, gate in self.gates.items()}
        ready = {pk: gate.ready(now) for pk, gate in self.gates.items()}
        key = (*late.values(), *ready.values())
        if key not in self._moments:
            sites = [
                replace(
                    site,
                    is_past_cut_off=late[site.id],
                    ships_on=ready[site.id],
                    capacity_left=self.capacity.get(site.id),
                )
                for site in self.sites
            ]
            self._moments = {key: Moment(sites, _Offers(self.offers, ready))}
        return self._moments[key]


def load_clock(window: Window, *, pick_cost: Decimal, carton_cost: Decimal) -> PastClock:
    """Four statements. Nobody is excluded: what a warehouse rejected then says nothing of a rule."""
    gates = load_gates(window.from_at)
    found = load_sites(window.to_at, pick_cost=pick_cost, carton_cost=carton_cost)
    sites = [replace(x, excluded_until=None, excluded_products={}) for x in found.sites]
    limited = Warehouse.objects.filter(daily_capacity__isnull=False)
    capacity = {pk: n or 0 for pk, n in limited.values_list("pk", "daily_capacity")}
    offers = book(_places(window), now=window.from_at, gates=gates)
    return PastClock(sites, gates, capacity, offers)


def _is_late(now: datetime, gate: Gate) -> bool:
    today = now.astimezone(gate.dock.zone).date()
    return not gate.dock.calendar.is_open(today) or is_past_cut_off(now, gate.dock)


def _places(window: Window) -> dict[int, Place]:
    known: dict[Place, Place] = {}
    found = {}
    for pk, country, postcode in _rows(_PLACES, _bounds(window)):
        where = place(country, postcode)
        found[pk] = known.setdefault(where, where)
    return found


_PLACES = f"""
SELECT address.id, address.country, address.postcode FROM orders_orderaddress address
WHERE address.id IN (
  SELECT placed.ship_to_id {_PLACED} UNION
  SELECT line.ship_to_id FROM orders_orderline line WHERE line.ship_to_id IS NOT NULL
    AND line.order_id IN (SELECT placed.id {_PLACED}))"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class _Offers:
    """The book's offers for goods that are ready on these days."""

    book: OfferBook
    ready: Mapping[int, date | None]
    _found: dict[tuple[Any, ...], Offer | None] = field(default_factory=dict)

    def best(
        self,
        site_id: int,
        ship_to_id: int,
        weight_kg: Decimal | float,
        volume_l: float,
        needed_by: date | None,
        length_mm: int = 0,
    ) -> Offer | None:
        ready = self.ready.get(site_id)
        if ready is None:
            return None
        cargo = load(weight_kg, volume_l, length_mm)
        key = (site_id, ship_to_id, cargo, needed_by)
        if key not in self._found:
            self._found[key] = self.book.best_from(site_id, ship_to_id, cargo, ready, needed_by)
        return self._found[key]


# --- Reading --------------------------------------------------------------------------------------


def _bounds(window: Window) -> dict[str, Any]:
    return {"from_at": window.from_at, "to_at": window.to_at}


def _rows(sql: str, params: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement as they are needed, through a cursor of the server."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows
