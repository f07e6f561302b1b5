"""Claims on stock: soft ones (reservations) on a product, hard ones (allocations) on a level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from inventory import ports
from inventory.exceptions import AlreadyReserved, NotReserved
from inventory.models import MovementKind, Reservation
from inventory.services.ledger import StockChange, post
from oms.core import bulk
from oms.core.actors import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A soft claim of a demand. Carts and quotes say when they expire."""

    product_id: int
    quantity: int
    demand_kind: str
    demand_id: int
    kind: str = Reservation.Kind.ORDER.value
    rank_at: datetime | None = None
    warehouse_id: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimChange:
    """``delta`` more (or less) reserved for a demand; a new reservation also needs its product."""

    demand_kind: str
    demand_id: int
    delta: int
    kind: str = Reservation.Kind.ORDER.value
    product_id: int | None = None
    rank_at: datetime | None = None
    warehouse_id: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRequest:
    """Units of a product at a warehouse for a demand."""

    warehouse_id: int
    product_id: int
    quantity: int
    demand_kind: str
    demand_id: int
    idem_key: str | None = None


def reserve_all(claims: Sequence[Claim], *, actor: Actor) -> None:  # noqa: ARG001 - every service says who acts
    """Reserve for demands that have no reservation of the kind yet; never fails for lack of stock.

    :raises AlreadyReserved: a demand has one; the caller's transaction is to be rolled back.
    """
    dated = any(claim.rank_at for claim in claims)
    columns = ["product_id", "warehouse_id", "kind", "quantity", "demand_kind", "demand_id"]
    columns += ["expires_at"] + (["rank_at"] if dated else [])
    now = timezone.now()
    rows = [
        (c.product_id, c.warehouse_id, c.kind, c.quantity, c.demand_kind, c.demand_id, c.expires_at)
        + ((c.rank_at or now,) if dated else ())
        for c in claims
    ]
    try:
        with transaction.atomic(savepoint=False):
            bulk.insert(Reservation, columns, rows)
    except IntegrityError as error:
        if "reservation_once" not in str(error):
            raise
        raise AlreadyReserved("A line has its reservation already: change that one.") from error


def change_reservations(changes: Sequence[ClaimChange], *, actor: Actor) -> None:  # noqa: ARG001 - every service says who acts
    """Make reservations larger or smaller: they end at 0 and begin where there was none.

    :raises NotReserved: one would fall below 0, or begins without its product; nothing was changed.
    """
    if not changes:
        return
    names = ClaimChange.__slots__
    params = {name: [getattr(change, name) for change in changes] for name in names}
    with connection.cursor() as cursor:
        cursor.execute(_CHANGE_RESERVATIONS, params)
        short = cursor.fetchall()
    if short:
        links = ports.resolve_demands([(kind, demand_id) for kind, demand_id, *_ in short])
        raise NotReserved(
            " ".join(
                f"{links[kind, demand_id].label} has {held} reserved, {-delta} were to be released."
                if delta < 0
                else f"The reservation for {links[kind, demand_id].label} does not name a product."
                for kind, demand_id, held, delta in short[:3]
            )
        )


_CHANGE_RESERVATIONS = """
WITH change AS MATERIALIZED (
  SELECT demand_kind, demand_id, kind, sum(delta)::int AS delta, max(product_id) AS product_id,
    max(warehouse_id) AS warehouse_id, min(rank_at) AS rank_at, max(expires_at) AS expires_at
  FROM unnest(%(demand_kind)s::text[], %(demand_id)s::bigint[], %(kind)s::text[],
    %(delta)s::int[], %(product_id)s::bigint[], %(warehouse_id)s::bigint[],
    %(rank_at)s::timestamptz[], %(expires_at)s::timestamptz[])
    AS t(demand_kind, demand_id, kind, delta, product_id, warehouse_id, rank_at, expires_at)
  GROUP BY demand_kind, demand_id, kind),
held AS MATERIALIZED (
  SELECT reservation.id, reservation.quantity, change.demand_kind, change.demand_id, change.kind,
    change.delta, COALESCE(change.warehouse_id, reservation.warehouse_id) AS warehouse_id
  FROM inventory_reservation reservation JOIN change USING (demand_kind, demand_id, kind)
  ORDER BY reservation.id FOR UPDATE OF reservation),
refusal AS MATERIALIZED (
  SELECT demand_kind, demand_id, COALESCE(held.quantity, 0) AS quantity, change.delta
  FROM change LEFT JOIN held USING (demand_kind, demand_id, kind)
  WHERE COALESCE(held.quantity, 0) + change.delta < 0
    OR held.id IS NULL AND change.delta > 0 AND change.product_id IS NULL),
changed AS (
  UPDATE inventory_reservation reservation
  SET quantity = held.quantity + held.delta, warehouse_id = held.warehouse_id FROM held
  WHERE reservation.id = held.id AND held.quantity + held.delta > 0 AND held.delta <> 0
    AND NOT EXISTS (SELECT FROM refusal)),
ended AS (
  DELETE FROM inventory_reservation reservation USING held
  WHERE reservation.id = held.id AND held.quantity + held.delta = 0
    AND NOT EXISTS (SELECT FROM refusal)),
begun AS (
  INSERT INTO inventory_reservation (demand_kind, demand_id, kind, quantity, product_id,
    warehouse_id, rank_at, expires_at)
  SELECT demand_kind, demand_id, kind, change.delta, product_id, change.warehouse_id,
    COALESCE(change.rank_at, now()), expires_at
  FROM change LEFT JOIN held USING (demand_kind, demand_id, kind)
  WHERE held.id IS NULL AND change.delta > 0 AND NOT EXISTS (SELECT FROM refusal)
  ORDER BY demand_kind, demand_id, kind
  ON CONFLICT ON CONSTRAINT reservation_once
  DO UPDATE SET quantity = inventory_reservation.quantity + EXCLUDED.quantity)
SELECT * FROM refusal"""


def rank_claims(
    *,
    demand_kind: str,
    ranks: Mapping[int, datetime],
    actor: Actor,  # noqa: ARG001 - every service says who acts
) -> None:
    """Give the reservations of demands (by id) another rank: earlier ones go first."""
    if ranks:
        with connection.cursor() as cursor:
            cursor.execute(_RANK, [list(ranks), list(ranks.values()), demand_kind])


_RANK = """
WITH held AS (
  SELECT reservation.id, t.rank_at FROM unnest(%s::bigint[], %s::timestamptz[])
    AS t(demand_id, rank_at) JOIN inventory_reservation reservation USING (demand_id)
  WHERE reservation.demand_kind = %s AND reservation.rank_at <> t.rank_at
  ORDER BY reservation.id FOR UPDATE OF reservation)
UPDATE inventory_reservation reservation SET rank_at = held.rank_at FROM held
WHERE reservation.id = held.id"""


def expire_reservations(*, now: datetime) -> int:
    """Remove carts' and quotes' reservations whose time has passed; give back how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM inventory_reservation WHERE id IN (SELECT id FROM inventory_reservation"
            " WHERE expires_at <= %s ORDER BY id FOR UPDATE SKIP LOCKED)",
            [now],
        )
        return int(cursor.rowcount)


def allocate(requests: Sequence[AllocationRequest], *, actor: Actor) -> None:
    """Give units at levels to demands: one statement, levels locked in key order.

    :raises InsufficientStock: a level has fewer available; nothing was changed.
    """
    post([_change(MovementKind.ALLOCATE, each, 1) for each in requests], actor=actor)


def deallocate(requests: Sequence[AllocationRequest], *, actor: Actor, reason: str = "") -> None:
    """Take units back from demands that have not used them.

    :raises NotAllocated: a demand holds fewer at that level; nothing was changed.
    """
    changes = [_change(MovementKind.DEALLOCATE, each, -1, reason) for each in requests]
    post(changes, actor=actor)


def reallocate(
    back: Sequence[AllocationRequest],
    out: Sequence[AllocationRequest],
    *,
    actor: Actor,
    reason: str = "",
) -> None:
    """Take units back at some levels and give units at others: one booking, so that hard claims move
    without anybody coming in between.

    :raises NotAllocated: a demand holds fewer at a level; nothing was changed.
    :raises InsufficientStock: a level has fewer available; nothing was changed.
    """
    changes = [_change(MovementKind.DEALLOCATE, each, -1, reason) for each in back]
    changes += [_change(MovementKind.ALLOCATE, each, 1, reason) for each in out]
    post(changes, actor=actor)


def _change(
    kind: MovementKind, request: AllocationRequest, sign: int, reason: str = ""
) -> StockChange:
    return StockChange(
        kind=kind,
        warehouse_id=request.warehouse_id,
        product_id=request.product_id,
        quantity=request.quantity,
        allocated=sign * request.quantity,
        demand_kind=request.demand_kind,
        demand_id=request.demand_id,
        idem_key=request.idem_key,
        reason=reason,
    )
