"""Rejections: a warehouse sends units of a shipment back, and says why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from fulfillment.events import ExclusionLifted, UnitsRejected
from fulfillment.exceptions import RejectRefused, Unknown
from fulfillment.models import Rejection, RejectionReason, Shipment, SiteExclusion
from fulfillment.services.free import FreedUnits, reopen_units
from fulfillment.services.locks import Work, lock_work
from fulfillment.services.rejected_goods import Overtaken, ask_for_count, take_out_of_sale
from fulfillment.services.scores import score_sites
from fulfillment.services.unpicked import (
    UNPICKED_IN,
    UnpickedLine,
    lock_lines,
    take_off,
    with_their_kits,
)
from oms.core import activity, bulk
from oms.core.actors import Actor
from oms.core.events import publish

TRIES = 3


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
    keys = _at_the_same_place(shipment_id, wanted) if to_zero else [shipment_id]
    work = lock_work(keys)
    shipment = work.shipments[shipment_id]
    lines = lock_lines(keys)
    named = _checked(shipment, lines, wanted)
    lost = _by_product(named)
    units = {line.line_id: quantity for line, quantity in named}
    if to_zero:
        units |= _all_of(lost, lines, work)
    grown = with_their_kits(units, lines)
    why = f"{reason.title}: {note}" if note else reason.title
    taken = take_off(work, lines, grown, verb="rejected", why=why, actor=actor, origin=shipment)
    rejections = _record(shipment, named, reason, note, actor=actor)
    until = _exclude(shipment, lost, reason, rejections[0], actor=actor)
    score_sites(warehouse_ids=[shipment.warehouse_id], actor=actor)
    _publish(taken.freed)
    if reason.opens_count:
        ask_for_count(shipment, lost, reason, actor=actor)
    reopen_units(taken.freed, orders=work.orders, actor=actor, reason=reason.code)
    take_out_of_sale(shipment, lost, taken.cuts, reason, key=rejections[0], actor=actor)
    others = {x.order_id for x in taken.freed} - {line.order_id for line, _ in named}
    return RejectionOutcome(
        sum(lost.values()), [work.orders[pk].number for pk in sorted(others)], until
    )


def _by_product(named: Sequence[tuple[UnpickedLine, int]]) -> dict[int, int]:
    units: dict[int, int] = defaultdict(int)
    for line, quantity in named:
        units[line.product_id] += quantity
    return dict(sorted(units.items()))


def _reason(reason_id: int) -> RejectionReason:
    found = RejectionReason.objects.filter(pk=reason_id, is_active=True).first()
    if found is None:
        raise Unknown("There is no such reason (any more): choose another one.")
    return found


def _at_the_same_place(shipment_id: int, wanted: Sequence[RejectedUnits]) -> list[int]:
    """The shipment and all others of its warehouse that still want the same products."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SAME_PLACE, [[each.line_id for each in wanted], shipment_id, list(UNPICKED_IN)]
        )
        return sorted({shipment_id} | {pk for (pk,) in cursor.fetchall()})


_SAME_PLACE = """
SELECT DISTINCT line.shipment_id FROM fulfillment_shipmentline line
JOIN fulfillment_shipment shipment ON shipment.id = line.shipment_id
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
WHERE wanted.product_id IN (
    SELECT rejected.product_id FROM fulfillment_shipmentline part
    JOIN orders_orderline rejected ON rejected.id = part.order_line_id WHERE part.id = ANY(%s))
  AND shipment.warehouse_id = (SELECT warehouse_id FROM fulfillment_shipment WHERE id = %s)
  AND shipment.status = ANY(%s) AND line.quantity > line.picked"""


def _checked(
    shipment: Shipment, lines: Mapping[int, UnpickedLine], wanted: Sequence[RejectedUnits]
) -> list[tuple[UnpickedLine, int]]:
    if shipment.status not in UNPICKED_IN:
        word = shipment.get_status_display().lower()
        raise RejectRefused(f"{shipment} is {word}: its lines cannot be rejected any more.")
    own = {key: line for key, line in lines.items() if line.shipment_id == shipment.pk}
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


def _all_of(
    products: Collection[int], lines: Mapping[int, UnpickedLine], work: Work
) -> dict[int, int]:
    """Every unpicked unit of these products, by line."""
    return {
        key: line.left
        for key, line in lines.items()
        if line.product_id in products
        and line.left
        and work.shipments[line.shipment_id].status in UNPICKED_IN
    }


def _record(
    shipment: Shipment,
    named: Sequence[tuple[UnpickedLine, int]],
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
    product_ids: Collection[int],
    reason: RejectionReason,
    rejection_id: int,
    *,
    actor: Actor,
) -> datetime | None:
    if not reason.excludes_hours:
        return None
    until = timezone.now() + timedelta(hours=reason.excludes_hours)
    products = [None] if reason.excludes_all_products else sorted(product_ids)
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
