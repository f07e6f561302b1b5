"""Rejections: a warehouse sends units of a shipment back, and says why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from fulfillment.events import ExclusionLifted, UnitsRejected
from fulfillment.exceptions import RejectRefused, Unknown
from fulfillment.models import Rejection, RejectionReason, Shipment, SiteExclusion
from fulfillment.services.free import FreedUnits, reopen_units
from fulfillment.services.locks import Work, lock_work
from fulfillment.services.reduce import cut_units, settle
from fulfillment.services.rejected_goods import Overtaken, ask_for_count, take_out_of_sale
from fulfillment.services.scores import score_sites
from oms.core import activity, bulk
from oms.core.actors import Actor
from oms.core.events import publish

TRIES = 3
REJECTABLE = (Shipment.Status.PLANNED, Shipment.Status.RELEASED, Shipment.Status.PICKING)


@dataclass(frozen=True, slots=True)
class RejectedUnits:
    """So many unpicked units of a shipment line that the warehouse does not ship."""

    line_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class RejectionOutcome:
    """``taken_along`` names the other orders that lost the same goods."""

    units: int
    taken_along: list[str]
    excluded_until: datetime | None


class _Line(NamedTuple):
    line_id: int
    shipment_id: int
    order_id: int
    order_line_id: int
    kit_id: int | None
    per_set: int
    product_id: int
    sku: str
    quantity: int
    picked: int

    @property
    def left(self) -> int:
        return self.quantity - self.picked


def reject_lines(
    *, shipment_id: int, lines: Sequence[RejectedUnits], reason_id: int, note: str, actor: Actor
) -> RejectionOutcome:
    """Take units off a shipment that the warehouse cannot or will not ship.

    They are open again and routed anew right after; the other parts of their kits go with them. The
    reason says what becomes of the stock, for how long the warehouse is left out and whether a count
    is asked for. "Nothing is left" takes the product's units from every other shipment there, too.

    :raises RejectRefused: a line has fewer units that are not picked, or the shipment has gone too
        far; nothing was changed.
    :raises Unknown: there is no such shipment, line or reason, or no bin for what is missing.
    """
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return _reject(shipment_id, lines, reason_id, note, actor)
        except Overtaken:
            continue
    raise RejectRefused("Other orders got the same goods at this moment: reject the line again.")


def _reject(
    shipment_id: int, wanted: Sequence[RejectedUnits], reason_id: int, note: str, actor: Actor
) -> RejectionOutcome:
    reason = _reason(reason_id)
    to_zero = reason.effect == RejectionReason.Effect.SET_TO_ZERO
    keys = _at_the_same_place(shipment_id, wanted) if to_zero else {shipment_id}
    work = lock_work(keys)
    shipment = work.shipments[shipment_id]
    rows = _lines(sorted(keys))
    named = _checked(shipment, rows, wanted)
    units = _all_of({row.product_id for row, _ in named}, rows, work) if to_zero else {}
    units |= {row.line_id: max(quantity, units.get(row.line_id, 0)) for row, quantity in named}
    _with_their_kits(units, rows)
    by_key = {row.line_id: row for row in rows}
    cuts = cut_units(units)
    rejections = _record(shipment, named, reason, note, actor=actor)
    until = _exclude(shipment, named, reason, rejections[0], actor=actor)
    freed = _freed(shipment.warehouse_id, units, by_key)
    touched = {by_key[key].shipment_id for key in units}
    told = f"{reason.title}: {note}" if note else reason.title
    settle(
        {pk: work.shipments[pk] for pk in touched},
        {cut.pick_list_id for cut in cuts},
        actor=actor,
        note=told,
    )
    _tell(work, units, by_key, shipment_id, told, actor=actor)
    if reason.opens_count:
        ask_for_count(shipment, [row.product_id for row, _ in named], reason, actor=actor)
    score_sites(warehouse_ids=[shipment.warehouse_id], actor=actor)
    _publish(freed)
    reopen_units(freed, orders=work.orders, actor=actor, reason=reason.code)
    lost = {row.product_id: 0 for row, _ in named}
    for row, quantity in named:
        lost[row.product_id] += quantity
    picked_bins = [(cut, by_key[cut.line_id].product_id) for cut in cuts]
    take_out_of_sale(shipment, lost, picked_bins, reason, key=rejections[0], actor=actor)
    others = {by_key[key].order_id for key in units} - {row.order_id for row, _ in named}
    return RejectionOutcome(
        sum(quantity for _, quantity in named),
        [work.orders[pk].number for pk in sorted(others)],
        until,
    )


def _reason(reason_id: int) -> RejectionReason:
    found = RejectionReason.objects.filter(pk=reason_id, is_active=True).first()
    if found is None:
        raise Unknown("There is no such reason (any more): choose another one.")
    return found


def _at_the_same_place(shipment_id: int, wanted: Sequence[RejectedUnits]) -> set[int]:
    """The shipment and all others of its warehouse that still want the same products."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SAME_PLACE, [[each.line_id for each in wanted], shipment_id, list(REJECTABLE)]
        )
        return {shipment_id} | {pk for (pk,) in cursor.fetchall()}


_SAME_PLACE = """
SELECT DISTINCT line.shipment_id FROM fulfillment_shipmentline line
JOIN fulfillment_shipment shipment ON shipment.id = line.shipment_id
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
WHERE wanted.product_id IN (
    SELECT rejected.product_id FROM fulfillment_shipmentline part
    JOIN orders_orderline rejected ON rejected.id = part.order_line_id WHERE part.id = ANY(%s))
  AND shipment.warehouse_id = (SELECT warehouse_id FROM fulfillment_shipment WHERE id = %s)
  AND shipment.status = ANY(%s) AND line.quantity > line.picked"""


def _lines(shipment_ids: list[int]) -> list[_Line]:
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [shipment_ids])
        return [_Line(*row) for row in cursor.fetchall()]


_LINES = """
SELECT line.id, line.shipment_id, wanted.order_id, wanted.id, wanted.parent_id,
  COALESCE(wanted.ordered / kit.sets, 1), wanted.product_id, product.sku, line.quantity, line.picked
FROM fulfillment_shipmentline line
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
JOIN inventory_product product ON product.id = wanted.product_id
LEFT JOIN orders_orderline kit ON kit.id = wanted.parent_id
WHERE line.shipment_id = ANY(%s)
ORDER BY wanted.id, line.id FOR NO KEY UPDATE OF wanted, line"""


def _checked(
    shipment: Shipment, rows: Sequence[_Line], wanted: Sequence[RejectedUnits]
) -> list[tuple[_Line, int]]:
    if shipment.status not in REJECTABLE:
        word = shipment.get_status_display().lower()
        raise RejectRefused(f"{shipment} is {word}: its lines cannot be rejected any more.")
    own = {row.line_id: row for row in rows if row.shipment_id == shipment.pk}
    named: dict[int, int] = defaultdict(int)
    for each in wanted:
        if each.line_id not in own:
            raise Unknown(f"{shipment} has no such line (any more).")
        if each.quantity <= 0:
            raise RejectRefused("Say how many units are rejected: at least one.")
        named[each.line_id] += each.quantity
    if not named:
        raise RejectRefused("Say for at least one line how many units are rejected.")
    for key, quantity in named.items():
        row = own[key]
        if quantity > row.left:
            raise RejectRefused(
                f"{quantity} of {row.sku} cannot be rejected: {row.left} are not picked yet. Picked"
                " ones are put back first."
            )
    return [(own[key], quantity) for key, quantity in sorted(named.items())]


def _all_of(products: set[int], rows: Sequence[_Line], work: Work) -> dict[int, int]:
    """Every unpicked unit of these products, by line."""
    return {
        row.line_id: row.left
        for row in rows
        if row.product_id in products
        and row.left
        and work.shipments[row.shipment_id].status in REJECTABLE
    }


def _with_their_kits(units: dict[int, int], rows: Sequence[_Line]) -> None:
    """A set ships from one place: when one part goes, the unpicked others of its sets go too."""
    sets: dict[tuple[int, int], int] = {}
    for row in rows:
        if row.kit_id is not None and row.line_id in units:
            key = (row.shipment_id, row.kit_id)
            sets[key] = max(sets.get(key, 0), -(-units[row.line_id] // row.per_set))
    for row in rows:
        count = sets.get((row.shipment_id, row.kit_id or 0), 0)
        if taken := min(row.left, max(units.get(row.line_id, 0), count * row.per_set)):
            units[row.line_id] = taken


def _record(
    shipment: Shipment,
    named: Sequence[tuple[_Line, int]],
    reason: RejectionReason,
    note: str,
    *,
    actor: Actor,
) -> list[int]:
    columns = ["shipment", "warehouse", "order_line", "product", "quantity", "reason", "note"]
    rows = [
        (shipment.pk, shipment.warehouse_id, row.order_line_id, row.product_id, quantity,
         reason.pk, note, actor.label)
        for row, quantity in named
    ]  # fmt: skip
    return [
        pk for (pk,) in bulk.insert(Rejection, [*columns, "actor_label"], rows, returning=["id"])
    ]


def _exclude(
    shipment: Shipment,
    named: Sequence[tuple[_Line, int]],
    reason: RejectionReason,
    rejection_id: int,
    *,
    actor: Actor,
) -> datetime | None:
    if not reason.excludes_hours:
        return None
    until = timezone.now() + timedelta(hours=reason.excludes_hours)
    products: Iterable[int | None] = sorted({row.product_id for row, _ in named})
    if reason.excludes_all_products:
        products = [None]
    why = f"{shipment}: {reason.title}"[:200]
    SiteExclusion.objects.bulk_create(
        SiteExclusion(
            warehouse_id=shipment.warehouse_id,
            product_id=product_id,
            until_at=until,
            reason=why,
            rejection_id=rejection_id,
            actor_label=actor.label,
        )
        for product_id in products
    )
    return until


def _freed(
    warehouse_id: int, units: Mapping[int, int], rows: Mapping[int, _Line]
) -> list[FreedUnits]:
    """One entry for each order line, though two shipments may carry parts of it."""
    total: dict[int, int] = defaultdict(int)
    source: dict[int, _Line] = {}
    for key, quantity in units.items():
        source[rows[key].order_line_id] = rows[key]
        total[rows[key].order_line_id] += quantity
    return [
        FreedUnits(
            warehouse_id=warehouse_id,
            product_id=source[key].product_id,
            order_id=source[key].order_id,
            order_line_id=key,
            quantity=quantity,
        )
        for key, quantity in sorted(total.items())
    ]


def _tell(
    work: Work,
    units: Mapping[int, int],
    rows: Mapping[int, _Line],
    shipment_id: int,
    why: str,
    *,
    actor: Actor,
) -> None:
    """The timelines of all shipments that lost units."""
    lost: dict[int, list[str]] = defaultdict(list)
    for key, quantity in units.items():
        lost[rows[key].shipment_id].append(f"{quantity} × {rows[key].sku}")
    origin = str(work.shipments[shipment_id])
    activity.record_all(
        [
            activity.Entry(
                "shipment",
                pk,
                "rejected",
                new=", ".join(parts),
                note=why if pk == shipment_id else f"{origin}: {why}",
            )
            for pk, parts in sorted(lost.items())
        ],
        actor=actor,
    )


def _publish(freed: Sequence[FreedUnits]) -> None:
    products: dict[tuple[int, int], set[int]] = defaultdict(set)
    for each in freed:
        products[each.order_id, each.warehouse_id].add(each.product_id)
    publish(
        *(
            UnitsRejected(order_id, warehouse_id, sorted(found))
            for (order_id, warehouse_id), found in sorted(products.items())
        )
    )


@transaction.atomic
def lift_exclusion(*, exclusion_id: int, actor: Actor) -> None:
    """Let a warehouse be routed to again before its time is up; orders that wait are tried at once.

    :raises Unknown: there is no such exclusion.
    :raises RejectRefused: it has ended already.
    """
    found = SiteExclusion.objects.select_for_update(of=("self",), no_key=True)
    exclusion = found.filter(pk=exclusion_id).first()
    if exclusion is None:
        raise Unknown("There is no such exclusion.")
    now = timezone.now()
    if exclusion.until_at <= now:
        raise RejectRefused("This exclusion has ended already.")
    exclusion.until_at = now
    exclusion.save(update_fields=["until_at"])
    activity.record(exclusion, "lifted", actor=actor, note=exclusion.reason)
    publish(ExclusionLifted(exclusion.warehouse_id, exclusion.product_id))
