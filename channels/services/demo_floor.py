"""The floor of the demo's day: shipments on every step from planned to delivered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

from django.db.models import F

from channels.services.demo_company import Company
from fulfillment.models import Parcel, Pick, Shipment, ShipmentLine
from fulfillment.services.packing import ParcelDraft, pack_parcels
from fulfillment.services.picking import Scan, pick_all
from fulfillment.services.release import release_shipments
from fulfillment.services.shipping import deliver_parcels, ship_parcels
from oms.core.actors import Actor
from oms.core.cases import open_case
from orders.services.holds import hold_order

STEPS = {"delivered": 6, "shipped": 7, "packed": 4, "picked": 4, "picking": 5, "released": 6}


def work_the_floor(order_ids: Sequence[int], company: Company) -> None:
    """Bring the shipments of these orders along, the first ones farthest; the rest stay planned."""
    picker = Actor.of(company.users["picker"], surface="warehouse")
    shipments = iter(_shipments(order_ids))
    groups = {step: list(islice(shipments, count)) for step, count in STEPS.items()}
    released = [pk for group in groups.values() for pk in group]
    release_shipments(shipment_ids=released, actor=picker, per_list=4)
    _pick(groups["picking"], picker, is_whole=False)
    whole = [pk for step in ("delivered", "shipped", "packed", "picked") for pk in groups[step]]
    _pick(whole, picker, is_whole=True)
    packed = groups["delivered"] + groups["shipped"] + groups["packed"]
    pack_parcels(drafts=_drafts(packed), actor=picker)
    gone = groups["delivered"] + groups["shipped"]
    ship_parcels(parcel_ids=_parcels(gone), actor=picker)
    deliver_parcels(parcel_ids=_parcels(groups["delivered"]), actor=picker)
    _hold_one(next(shipments), company)
    _report_short(groups["picking"])


def _shipments(order_ids: Sequence[int]) -> list[int]:
    """The shipments of the orders, in the orders' order."""
    rows = ShipmentLine.objects.filter(order_line__order__in=order_ids).order_by("shipment_id")
    first: dict[int, int] = {}
    for shipment, order in rows.values_list("shipment_id", "order_line__order_id"):
        first.setdefault(shipment, order)
    place = {pk: n for n, pk in enumerate(order_ids)}
    return sorted(first, key=lambda pk: (place[first[pk]], pk))


def _pick(shipment_ids: Sequence[int], actor: Actor, *, is_whole: bool) -> None:
    picks = Pick.objects.filter(shipment_line__shipment__in=shipment_ids).order_by("pk")
    scans = []
    seen: set[int] = set()
    for pick, units, shipment in picks.values_list("pk", "quantity", "shipment_line__shipment_id"):
        if is_whole:
            scans.append(Scan(pick, units))
        elif shipment not in seen:
            scans.append(Scan(pick, max(1, units // 2)))
        seen.add(shipment)
    pick_all(scans=scans, actor=actor)


def _drafts(shipment_ids: Sequence[int]) -> list[ParcelDraft]:
    contents: dict[int, dict[int, int]] = defaultdict(dict)
    lines = ShipmentLine.objects.filter(shipment__in=shipment_ids).order_by("pk")
    for line in lines:
        contents[line.shipment_id][line.pk] = line.quantity
    return [ParcelDraft(shipment_id=pk, contents=contents[pk]) for pk in shipment_ids]


def _parcels(shipment_ids: Sequence[int]) -> list[int]:
    found = Parcel.objects.filter(shipment__in=shipment_ids)
    return list(found.order_by("pk").values_list("pk", flat=True))


def _hold_one(shipment_id: int, company: Company) -> None:
    order = Shipment.objects.values_list("lines__order_line__order_id", flat=True)
    hold_order(
        order_id=order.filter(pk=shipment_id)[0],
        kind="shipping",
        reason="customer_wait",
        note="The loading bay is closed until tomorrow.",
        actor=Actor.of(company.users["sales"]),
    )


def _report_short(shipment_ids: Sequence[int]) -> None:
    """One picker found fewer than asked: somebody has to look."""
    picks = Pick.objects.filter(shipment_line__shipment__in=shipment_ids, picked__gt=0)
    pick = picks.filter(picked__lt=F("quantity")).select_related(
        "bin", "shipment_line__shipment", "shipment_line__order_line__product"
    )[0]
    shipment, sku = pick.shipment_line.shipment, pick.shipment_line.order_line.product
    open_case(
        kind="short_pick",
        dedupe_key=f"short:{pick.pk}",
        sentence=f"{shipment}: bin {pick.bin} held {pick.picked} of {pick.quantity} × {sku}.",
        document_kind="shipment",
        document_id=shipment.pk,
    )
