"""Promises: what the customer of a line was told first, and when it comes by all we know now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.fields.json import KT
from django.utils import timezone
from psycopg2.extras import Json

from fulfillment.events import PromiseSlipped
from fulfillment.models import LinePromise, ShipmentLine
from fulfillment.promising import Cause, Part
from fulfillment.selectors.expected import expected_parts
from fulfillment.selectors.promise_facts import OwedLine, load_facts
from inventory.models import Warehouse
from oms.core import activity
from oms.core.actors import Actor
from oms.core.events import publish
from orders.models import Order, OrderLine

BATCH = 500


@transaction.atomic
def keep_promises(order_ids: Collection[int], *, actor: Actor, now: datetime | None = None) -> int:
    """Work out anew when the lines of these orders come; how many lines are at risk now.

    The first date that was known stays promised. Lines that owe nothing any more are closed. A fixed
    number of statements; ``PromiseSlipped`` is announced for orders whose lines come later than was
    promised and did not before.
    """
    if not order_ids:
        return 0
    now = now or timezone.now()
    _lock(order_ids)
    facts = load_facts(order_ids, now=now)
    found = expected_parts(facts)
    _write(facts.lines, found, now)
    late = [line for line in facts.lines if _is_late(line, found.get(line.line_id))]
    _announce([line for line in late if not _was_late(line)], found, actor)
    return len(late)


def keep_promises_of_products(product_ids: Collection[int], *, actor: Actor) -> int:
    """More or fewer units of these products come, or on another day: for all who wait for them."""
    waiting = OrderLine.objects.filter(product__in=product_ids).filter(_WAITING)
    return _keep_all(waiting, actor=actor)


def keep_promises_of_warehouses(warehouse_ids: Collection[int], *, actor: Actor) -> int:
    """Warehouses work on other days: for all whose goods leave from there."""
    codes = Warehouse.objects.filter(pk__in=warehouse_ids).values("code")
    told = LinePromise.objects.filter(is_open=True).annotate(site=KT("facts__warehouse"))
    lines = told.filter(site__in=codes).values("order_line")
    return _keep_all(OrderLine.objects.filter(pk__in=lines), actor=actor)


def keep_promises_of_shipments(shipment_ids: Collection[int], *, actor: Actor) -> int:
    """Units left on these shipments, or came back: for the orders on them."""
    lines = ShipmentLine.objects.filter(shipment__in=shipment_ids)
    return _keep_all(OrderLine.objects.filter(pk__in=lines.values("order_line")), actor=actor)


def keep_stale_promises(*, actor: Actor, now: datetime | None = None) -> int:
    """What no event tells of: goods that should have left or come, pre-orders, lines without a date."""
    today = (now or timezone.now()).date().isoformat()
    stale = LinePromise.objects.filter(
        Q(facts__ships__lt=today)
        | Q(facts__has_key="was_due")
        | Q(cause__in=[Cause.UNKNOWN, Cause.PREORDER])
        | Q(order_line__product__preorder_date__gte=today),
        is_open=True,
    )
    unknown = ~Exists(LinePromise.objects.filter(order_line=OuterRef("pk")))
    lines = OrderLine.objects.filter(
        Q(pk__in=stale.values("order_line")) | (_OWED & Q(unknown)),
    ).exclude(kind=OrderLine.Kind.KIT)
    return _keep_all(lines, actor=actor, now=now)


def keep_all_promises(*, actor: Actor) -> int:
    """Every promise that is open, and every line that has none yet."""
    lines = OrderLine.objects.filter(_OWED).exclude(kind=OrderLine.Kind.KIT)
    told = LinePromise.objects.filter(is_open=True).values("order_line")
    return _keep_all(OrderLine.objects.filter(Q(pk__in=told) | Q(pk__in=lines)), actor=actor)


_LIVE = Q(order__status__in=[Order.Status.PLACED, Order.Status.IN_FULFILLMENT])
_WAITING = _LIVE & (Q(open__gt=0) | Q(backordered__gt=0))
_OWED = _LIVE & (Q(open__gt=0) | Q(backordered__gt=0) | Q(allocated__gt=0))


def _keep_all(lines: Any, *, actor: Actor, now: datetime | None = None) -> int:
    """Batch by batch, each in a transaction of its own."""
    keys = sorted(set(lines.values_list("order_id", flat=True)))
    return sum(
        keep_promises(keys[start : start + BATCH], actor=actor, now=now)
        for start in range(0, len(keys), BATCH)
    )


# --- What is kept and announced --------------------------------------------------------------------


def _is_late(line: OwedLine, part: Part | None) -> bool:
    """The line comes after the day that was promised, or nobody knows any more when."""
    if part is None or line.promised is None:
        return False
    return part.expected is None or part.expected > line.promised


def _was_late(line: OwedLine) -> bool:
    if not line.is_known or line.promised is None:
        return False
    return line.expected is None or line.expected > line.promised


def _announce(lines: Sequence[OwedLine], found: Mapping[int, Part], actor: Actor) -> None:
    """Once for each order, and on its timeline."""
    slipped: dict[int, list[OwedLine]] = defaultdict(list)
    for line in lines:
        slipped[line.order_id].append(line)
    if not slipped:
        return
    kind = activity.kind_of(Order)
    activity.record_all(
        [
            activity.Entry(kind, pk, "promise slipped", note=_moved(own, found))
            for pk, own in slipped.items()
        ],
        actor=actor,
    )
    publish(
        *[
            PromiseSlipped(order_id=pk, line_ids=[line.line_id for line in own])
            for pk, own in slipped.items()
        ]
    )


def _moved(lines: Sequence[OwedLine], found: Mapping[int, Part]) -> str:
    """``LAMP 2026-12-04 → 2026-12-18``; a question mark where no day is known."""
    return ", ".join(
        f"{line.sku} {line.promised} → {found[line.line_id].expected or '?'}" for line in lines
    )


def _lock(order_ids: Collection[int]) -> None:
    """One at a time for an order, so that the facts read last are those that stay."""
    own = LinePromise.objects.filter(order_line__order__in=order_ids)
    list(own.order_by("order_line_id").select_for_update(of=("self",)).values_list("pk"))


def _write(lines: Sequence[OwedLine], found: dict[int, Part], now: datetime) -> None:
    told = sorted((line for line in lines if line.line_id in found), key=lambda x: x.line_id)
    rows: list[tuple[int, date | None, str, Json]] = [
        (
            line.line_id,
            found[line.line_id].expected,
            found[line.line_id].cause.value,
            Json(dict(found[line.line_id].facts) | {"units": found[line.line_id].units}),
        )
        for line in told
    ]
    done = [line.line_id for line in lines if line.is_known and not line.is_owed]
    columns = [[row[i] for row in rows] for i in range(4)]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, [done, now, now, *columns, now, now])


_UPSERT = """
WITH closed AS (
  UPDATE fulfillment_linepromise SET is_open = false
  WHERE order_line_id = ANY(%s::bigint[]) AND is_open)
INSERT INTO fulfillment_linepromise AS kept
  (order_line_id, promised_date, expected_date, cause, facts, is_open, promised_at, computed_at)
SELECT line, expected, expected, cause, facts, true,
  CASE WHEN expected IS NULL THEN NULL ELSE %s::timestamptz END, %s::timestamptz
FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::jsonb[]) AS t(line, expected, cause, facts)
ORDER BY line
ON CONFLICT (order_line_id) DO UPDATE SET
  promised_date = COALESCE(kept.promised_date, EXCLUDED.promised_date),
  promised_at = CASE WHEN kept.promised_date IS NOT NULL THEN kept.promised_at
    WHEN EXCLUDED.promised_date IS NOT NULL THEN %s::timestamptz END,
  expected_date = EXCLUDED.expected_date, cause = EXCLUDED.cause, facts = EXCLUDED.facts,
  is_open = true, computed_at = %s::timestamptz
WHERE (kept.expected_date, kept.cause, kept.facts, kept.is_open)
  IS DISTINCT FROM (EXCLUDED.expected_date, EXCLUDED.cause, EXCLUDED.facts, true)"""
