"""The carrier service of shipments that people have changed: chosen anew, as the router would."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from django.db import connection, transaction

from fulfillment.models import Shipment
from fulfillment.rating import OfferBook
from fulfillment.selectors.offers import load_offers
from oms.core.actors import Actor


@transaction.atomic
def choose_services(*, shipment_ids: Collection[int], actor: Actor) -> None:  # noqa: ARG001 - every service says who acts
    """Give locked shipments the best service for what they weigh now, with its freight and dates;
    none where no carrier serves the address. It leaves no earlier than the day whose capacity it takes.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CARGO, [sorted(shipment_ids)])
        cargo = cursor.fetchall()
    if not cargo:
        return
    offers = load_offers({row[2] for row in cargo})
    chosen = []
    for pk, site_id, ship_to_id, weight, volume, length, needed_by, day in cargo:
        mine = _from_day(offers, site_id, day)
        offer = mine.best(site_id, ship_to_id, weight, float(volume), needed_by, length)
        shipment = Shipment(pk=pk, freight_currency="", ships_on=day and mine.ready[site_id])
        if offer:
            shipment.service_id = offer.service_id
            shipment.freight_amount, shipment.freight_currency = offer.cost, offer.currency
            shipment.ships_on, shipment.arrives_on = offer.ships_on, offer.arrives_on
        chosen.append(shipment)
    fields = ["service", "freight_amount", "freight_currency", "ships_on", "arrives_on"]
    Shipment.objects.bulk_update(chosen, fields)


def _from_day(offers: OfferBook, site_id: int, day: date | None) -> OfferBook:
    ready = offers.ready.get(site_id)
    if day is None or ready is None or day <= ready:
        return offers
    return replace(offers, ready={**offers.ready, site_id: day})


_CARGO = """
SELECT shipment.id, shipment.warehouse_id, shipment.ship_to_id,
  COALESCE(sum(line.quantity * product.weight_kg), 0),
  COALESCE(sum(line.quantity * product.length_mm::float * product.width_mm * product.height_mm)
    / 1e6, 0),
  COALESCE(max(greatest(product.length_mm, product.width_mm, product.height_mm)), 0),
  min(COALESCE(wanted.requested_date, head.requested_date)), shipment.capacity_date
FROM fulfillment_shipment shipment
JOIN fulfillment_shipmentline line ON line.shipment_id = shipment.id AND line.quantity > 0
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
JOIN orders_order head ON head.id = wanted.order_id
JOIN inventory_product product ON product.id = wanted.product_id
WHERE shipment.id = ANY(%s) GROUP BY shipment.id ORDER BY shipment.id"""
