"""Carriers with rates for tests."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from fulfillment.models import Carrier, CarrierService, RateStep, RateZone


def make_service(
    code: str = "parcel",
    *,
    to: Sequence[str] = ("DE", "FR"),
    days: int = 2,
    rates: Sequence[tuple[str, str]] = (("5", "4.90"), ("31.5", "9.90")),
    **facts: Any,
) -> CarrierService:
    """Return a service of the carrier "Post" that goes to these countries at these rates."""
    carrier, _ = Carrier.objects.get_or_create(code="post", defaults={"title": "Post"})
    service = CarrierService.objects.create(carrier=carrier, code=code, title=code.title(), **facts)
    for country in to:
        add_zone(service, country, days, rates)
    return service


def add_zone(
    service: CarrierService,
    country: str,
    days: int,
    rates: Sequence[tuple[str, str]],
    **facts: Any,
) -> RateZone:
    """Add a zone with its steps (up to so many kg, amount)."""
    zone = RateZone.objects.create(
        service=service, title=country, country=country, transit_days=days, **facts
    )
    RateStep.objects.bulk_create(
        RateStep(zone=zone, up_to_kg=Decimal(kg), amount=Decimal(amount)) for kg, amount in rates
    )
    return zone
