"""What the carriers ask: rate tables as every process keeps them, and the book of offers for a batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from fulfillment.rating import Extra, OfferBook, Place, Service, Step, Zone, place
from fulfillment.selectors.docks import Gate, load_gates
from oms.core.calendars import public_holidays


@dataclass
class _Tables:
    """The rate tables as this process last saw them. Replaced as a whole: threads share it."""

    kept: tuple[UUID | None, list[Service]] = (None, [])


_tables = _Tables()


def load_offers(
    ship_to_ids: Collection[int],
    *,
    now: datetime | None = None,
    gates: Mapping[int, Gate] | None = None,
    ready: Mapping[int, date | None] | None = None,
) -> OfferBook:
    """The offers for shipments to these addresses of orders: three statements for any number.

    ``gates`` saves one of them where they are loaded already; ``ready`` says from which day on a
    warehouse can let goods leave where that is not the day which its calendar and cut-off give.
    """
    now = now or timezone.now()
    gates = load_gates(now) if gates is None else gates
    return book(_places(ship_to_ids), now=now, gates=gates, ready=ready)


def book(
    places: Mapping[int, Place],
    *,
    now: datetime,
    gates: Mapping[int, Gate],
    ready: Mapping[int, date | None] | None = None,
) -> OfferBook:
    """The offers for shipments to these places."""
    since = now.date()
    return OfferBook(
        services=load_services(),
        ready={pk: gate.ready(now) for pk, gate in gates.items()} | dict(ready or {}),
        docks={pk: gate.dock.calendar for pk, gate in gates.items()},
        places=places,
        holidays={c: public_holidays(c, since=since) for c in {x.country for x in places.values()}},
        currency=settings.COMPANY_CURRENCY,
        exchange=settings.EXCHANGE_RATES,
    )


def _places(ship_to_ids: Collection[int]) -> dict[int, Place]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, country, postcode FROM orders_orderaddress WHERE id = ANY(%s)",
            [list(ship_to_ids)],
        )
        return {pk: place(country, postcode) for pk, country, postcode in cursor.fetchall()}


def load_services() -> list[Service]:
    """Active services with their rate tables; one statement, which sends the tables only when they
    have changed since this process last saw them.
    """
    known, services = _tables.kept
    with connection.cursor() as cursor:
        cursor.execute(_SERVICES, [known])
        version, rows = cursor.fetchone()
    if rows is not None:
        services = [_service(*row) for row in rows]
        _tables.kept = version, services
    return services


def _service(  # noqa: PLR0917 - the columns of one row
    pk: int,
    label: str,
    currency: str,
    fuel: str,
    divisor: int | None,
    max_weight: str | None,
    collection_days: list[int],
    delivery_days: list[int],
    origins: list[int],
    zones: list[list[Any]],
    extras: list[list[Any]],
) -> Service:
    return Service(
        id=pk,
        label=label,
        currency=currency,
        zones=tuple(_zone(*row) for row in zones),
        extras=tuple(_extra(*row) for row in extras),
        fuel_percent=Decimal(fuel),
        volume_divisor=divisor,
        max_weight_kg=_number(max_weight),
        collection_days=frozenset(collection_days),
        delivery_days=frozenset(delivery_days),
        origins=frozenset(origins),
    )


def _zone(
    title: str, country: str, days: int, prefix: str, origin: int | None, steps: list[list[Any]]
) -> Zone:
    rates = tuple(
        Step(Decimal(kg), Decimal(amount), _number(liters)) for kg, amount, liters in steps
    )
    return Zone(title, country.upper(), days, rates, prefix, origin)


def _extra(  # noqa: PLR0917 - the columns of one row
    title: str,
    amount: str,
    percent: str,
    country: str,
    prefix: str,
    over_kg: str | None,
    over_length: int | None,
) -> Extra:
    return Extra(
        title,
        Decimal(amount),
        Decimal(percent),
        country.upper(),
        prefix,
        _number(over_kg),
        over_length,
    )


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


# The version is read with the tables, so that they belong together. Numbers travel as text: exact.
_SERVICES = """
WITH version AS MATERIALIZED (SELECT max(value::text)::uuid AS value FROM fulfillment_rateversion)
SELECT version.value, CASE WHEN version.value = %s::uuid THEN NULL ELSE (
  SELECT COALESCE(json_agg(json_build_array(service.id, carrier.title || ' ' || service.title,
    service.currency, service.fuel_percent::text, service.volume_divisor,
    service.max_weight_kg::text, service.collection_days, service.delivery_days,
    ARRAY(SELECT warehouse_id FROM fulfillment_carrierservice_warehouses chosen
          WHERE chosen.carrierservice_id = service.id),
    (SELECT COALESCE(json_agg(json_build_array(zone.title, zone.country, zone.transit_days,
       zone.postcode_prefix, zone.origin_id,
       (SELECT COALESCE(json_agg(json_build_array(step.up_to_kg::text, step.amount::text,
          step.up_to_liters::text)), '[]')
        FROM fulfillment_ratestep step WHERE step.zone_id = zone.id))), '[]')
     FROM fulfillment_ratezone zone WHERE zone.service_id = service.id),
    (SELECT COALESCE(json_agg(json_build_array(extra.title, extra.amount::text,
       extra.percent::text, extra.country, extra.postcode_prefix, extra.over_kg::text,
       extra.over_length_mm) ORDER BY extra.id), '[]')
     FROM fulfillment_surcharge extra WHERE extra.service_id = service.id))
    ORDER BY service.id), '[]')
  FROM fulfillment_carrierservice service JOIN fulfillment_carrier carrier
    ON carrier.id = service.carrier_id
  WHERE service.is_active AND carrier.is_active) END
FROM version"""
