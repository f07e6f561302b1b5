"""Packing: picked units go into parcels; a shipment is packed when all of it is in closed ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from fulfillment.events import ShipmentPacked
from fulfillment.exceptions import PackRefused
from fulfillment.models import Parcel, ParcelLine, Shipment
from fulfillment.services.costs import Cost, record_costs
from fulfillment.services.locks import lock_shipments, shipments_of_parcels
from fulfillment.tracking import CARRIER, SERVICE, tracking_number
from oms.core import activity, bulk
from oms.core.activity import Entry
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.workflow import perform, perform_all, state_after_first


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelDraft:
    """A box to be closed: units by shipment line, and what the scale and the ruler say."""

    shipment_id: int
    contents: Mapping[int, int]
    weight_kg: Decimal | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None


class _Line(NamedTuple):
    line_id: int
    shipment_id: int
    order_id: int
    sku: str
    weight_kg: Decimal | None
    quantity: int
    picked: int
    packed: int


def pack_parcel(
    *,
    shipment_id: int,
    contents: Mapping[int, int],
    actor: Actor,
    weight_kg: Decimal | None = None,
    length_mm: int | None = None,
    width_mm: int | None = None,
    height_mm: int | None = None,
) -> Parcel:
    """Put picked units (by shipment line) into a new parcel and close it.

    Without a weight the products' own weights are added up, where all are known.

    :raises PackRefused: a line has fewer units picked and unpacked; nothing was changed.
    """
    draft = ParcelDraft(
        shipment_id=shipment_id,
        contents=contents,
        weight_kg=weight_kg,
        length_mm=length_mm,
        width_mm=width_mm,
        height_mm=height_mm,
    )
    [parcel_id] = pack_parcels(drafts=[draft], actor=actor)
    return Parcel.objects.get(pk=parcel_id)


@transaction.atomic
def pack_parcels(*, drafts: Sequence[ParcelDraft], actor: Actor) -> list[int]:
    """Close many parcels; gives back their keys in the order of the drafts.

    :raises PackRefused: a draft does not fit what is picked; nothing was changed.
    """
    shipments = lock_shipments(draft.shipment_id for draft in drafts)
    lines = _lines(shipments)
    packed: dict[int, int] = defaultdict(int)
    for draft in drafts:
        _check(draft, shipments[draft.shipment_id], lines, packed)
    parcels = _insert(drafts, lines)
    _change_packed(packed)
    activity.record_all(
        [Entry("parcel", pk, "close", new=Parcel.Status.CLOSED.value) for pk in parcels],
        actor=actor,
    )
    _finish(shipments, lines, packed, actor=actor)
    record_costs(
        Cost("carton", "parcel", pk, lines[min(draft.contents)].order_id)
        for pk, draft in zip(parcels, drafts, strict=True)
    )
    return parcels


@transaction.atomic
def reopen_parcel(*, parcel_id: int, actor: Actor) -> None:
    """Take everything out of a closed parcel that is still here; its label is void.

    :raises TransitionRefused: the parcel was handed over, or is void; nothing was changed.
    """
    [shipment_id] = shipments_of_parcels([parcel_id])
    shipment = lock_shipments([shipment_id])[shipment_id]
    parcel = Parcel.objects.lock(parcel_id)
    perform(parcel, "void", actor=actor)
    contents = ParcelLine.objects.filter(parcel=parcel).values_list("shipment_line_id", "quantity")
    _change_packed({line: -units for line, units in contents})
    if shipment.status == Shipment.Status.PACKED:
        shipment.packed_at = None
        perform(shipment, "unpack", actor=actor, update_fields=["packed_at"])


_LINES = """
SELECT line.id, line.shipment_id, wanted.order_id, product.sku, product.weight_kg, line.quantity,
  line.picked, line.packed
FROM fulfillment_shipmentline line
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
JOIN inventory_product product ON product.id = wanted.product_id
WHERE line.shipment_id = ANY(%s) ORDER BY line.id FOR NO KEY UPDATE OF line"""


def _lines(shipment_ids: Iterable[int]) -> dict[int, _Line]:
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [sorted(shipment_ids)])
        return {row[0]: _Line(*row) for row in cursor.fetchall()}


def _check(
    draft: ParcelDraft, shipment: Shipment, lines: Mapping[int, _Line], packed: dict[int, int]
) -> None:
    if shipment.status not in {Shipment.Status.PICKING, Shipment.Status.PICKED}:
        word = shipment.get_status_display().lower()
        raise PackRefused(f"{shipment} is {word}: nothing is packed for it now.")
    if not draft.contents:
        raise PackRefused(f"{shipment}: an empty parcel cannot be closed.")
    if draft.weight_kg is not None and draft.weight_kg <= 0:
        raise PackRefused("Weigh the parcel: its weight must be above zero.")
    for line_id, quantity in draft.contents.items():
        line = lines.get(line_id)
        if line is None or line.shipment_id != shipment.pk:
            raise PackRefused(f"{shipment} has no such line.")
        free = line.picked - line.packed - packed[line_id]
        if not 0 < quantity <= free:
            raise PackRefused(
                f"{shipment}: {quantity} of {line.sku} cannot be packed, {free} are picked and in no"
                " parcel."
            )
        packed[line_id] += quantity


def _insert(drafts: Sequence[ParcelDraft], lines: Mapping[int, _Line]) -> list[int]:
    keys = bulk.draw_ids(Parcel, len(drafts))
    positions = _last_positions(drafts)
    rows = []
    for pk, draft in zip(keys, drafts, strict=True):
        positions[draft.shipment_id] += 1
        size = (draft.length_mm, draft.width_mm, draft.height_mm)
        weight = draft.weight_kg or _weight(draft.contents, lines)
        rows.append((pk, draft.shipment_id, positions[draft.shipment_id], weight, *size))
    status = state_after_first(Parcel, "close")
    bulk.insert(
        Parcel,
        [
            *("id", "shipment", "position", "weight_kg", "length_mm", "width_mm", "height_mm"),
            *("status", "carrier", "service", "tracking_number"),
        ],
        [(*row, status, CARRIER, SERVICE, tracking_number(row[0])) for row in rows],
    )
    bulk.insert(
        ParcelLine,
        ["parcel", "shipment_line", "quantity"],
        [
            (pk, line_id, quantity)
            for pk, draft in zip(keys, drafts, strict=True)
            for line_id, quantity in sorted(draft.contents.items())
        ],
    )
    return keys


def _last_positions(drafts: Sequence[ParcelDraft]) -> dict[int, int]:
    known = Parcel.objects.filter(shipment__in={draft.shipment_id for draft in drafts})
    last = known.values_list("shipment_id").annotate(Max("position"))
    return defaultdict(int, dict(last))


def _weight(contents: Mapping[int, int], lines: Mapping[int, _Line]) -> Decimal | None:
    total = Decimal(0)
    for line_id, quantity in contents.items():
        weight = lines[line_id].weight_kg
        if weight is None:
            return None
        total += weight * quantity
    return total or None


def _change_packed(packed: Mapping[int, int]) -> None:
    keys = sorted(packed)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fulfillment_shipmentline line SET packed = line.packed + t.units"
            " FROM unnest(%s::bigint[], %s::int[]) AS t(id, units) WHERE line.id = t.id",
            [keys, [packed[key] for key in keys]],
        )


def _finish(
    shipments: dict[int, Shipment],
    lines: Mapping[int, _Line],
    packed: Mapping[int, int],
    *,
    actor: Actor,
) -> None:
    open_ones = {
        line.shipment_id
        for line in lines.values()
        if line.packed + packed.get(line.line_id, 0) < line.quantity
    }
    _pack(
        [x for x in shipments.values() if x.status == "picked" and x.pk not in open_ones],
        actor=actor,
    )


def pack_complete(shipments: Sequence[Shipment], *, actor: Actor) -> list[Shipment]:
    """Move those of the picked, locked shipments on that are in parcels already; give them back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shipment_id FROM fulfillment_shipmentline WHERE shipment_id = ANY(%s)"
            " GROUP BY shipment_id HAVING sum(quantity - packed) = 0",
            [[shipment.pk for shipment in shipments]],
        )
        complete = {pk for (pk,) in cursor.fetchall()}
    done = [shipment for shipment in shipments if shipment.pk in complete]
    _pack(done, actor=actor)
    return done


def _pack(done: Sequence[Shipment], *, actor: Actor) -> None:
    now = timezone.now()
    for shipment in done:
        shipment.packed_at = now
    perform_all(done, "pack", actor=actor, update_fields=["packed_at"])
    if done:
        publish(*(ShipmentPacked(shipment_id=shipment.pk) for shipment in done))
