"""The carrier service of shipments that people have changed: chosen anew, as the router would."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection, transaction

from fulfillment.models import Shipment
from fulfillment.selectors.offers import load_offers
from oms.core.actors import Actor


@transaction.atomic
def choose_services(*, shipment_ids: Collection[int], actor: Actor) -> None:  # noqa: ARG001 - every service says who acts
    """Give locked shipments the best service for what they weigh now, with its freight and dates;
    none where no carrier serves the address.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CARGO, [sorted(shipment_ids)])
        cargo = cursor.fetchall()
    if not cargo:
        return
    offers = load_offers({row[2] for row in cargo})
    chosen = []
    for pk, site_id, ship_to_id, weight, volume, length, needed_by in cargo:
        offer = offers.best(site_id, ship_to_id, weight, float(volume), needed_by, length)
        shipment = Shipment(pk=pk, freight_currency="")
        if offer:
            shipment.service_id = offer.service_id
            shipment.freight_amount, shipment.freight_currency = offer.cost, offer.currency
            shipment.ships_on, shipment.arrives_on = offer.ships_on, offer.arrives_on
        chosen.append(shipment)
    fields = ["service", "freight_amount", "freight_currency", "ships_on", "arrives_on"]
    Shipment.objects.bulk_update(chosen, fields)


_CARGO = """
SELECT shipment.id, shipment.warehouse_id, shipment.ship_to_id,
  COALESCE(sum(line.quantity * product.weight_kg), 0),
  COALESCE(sum(line.quantity * product.length_mm::float * product.width_mm * product.height_mm)
    / 1e6, 0),
  COALESCE(max(greatest(product.length_mm, product.width_mm, product.height_mm)), 0),
  min(COALESCE(wanted.requested_date, head.requested_date))
FROM fulfillment_shipment shipment
JOIN fulfillment_shipmentline line ON line.shipment_id = shipment.id AND line.quantity > 0
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
JOIN orders_order head ON head.id = wanted.order_id
JOIN inventory_product product ON product.id = wanted.product_id
WHERE shipment.id = ANY(%s) GROUP BY shipment.id ORDER BY shipment.id"""
