"""The rate calculator: what every service would ask, which would be chosen, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count
from django.utils.translation import gettext as _

from fulfillment.models import CarrierService
from fulfillment.rating import Candidate, Load, Place, Refused, billed_grams
from fulfillment.selectors.docks import load_gates
from fulfillment.selectors.offers import book

_HERE = 0


@dataclass(frozen=True, slots=True)
class TriedService:
    """A service with what it asks, part by part, and what speaks for or against it."""

    candidate: Candidate
    billed_kg: Decimal
    verdict: str


@dataclass(frozen=True, slots=True)
class Trial:
    """The answer of the calculator. ``ready`` None: the warehouse ships nothing."""

    ready: date | None
    services: Sequence[TriedService]

    @property
    def is_served(self) -> bool:
        return any(each.candidate.is_chosen for each in self.services)


def try_rates(
    *, warehouse_id: int, there: Place, cargo: Load, needed_by: date | None, now: datetime
) -> Trial:
    """What all active services would ask for such a shipment now: two statements."""
    gates = load_gates(now)
    offers = book({_HERE: there}, now=now, gates=gates)
    found = offers.compare(warehouse_id, _HERE, cargo, needed_by)
    return Trial(
        offers.ready.get(warehouse_id),
        [
            TriedService(
                each, Decimal(billed_grams(each.service, cargo)) / 1000, _verdict(each, needed_by)
            )
            for each in found
        ],
    )


def _verdict(candidate: Candidate, needed_by: date | None) -> str:
    if candidate.refused:
        return str(_refusals()[candidate.refused])
    if candidate.offer is None:
        return ""
    if not candidate.is_chosen:
        return _("Dearer.") if candidate.offer.is_in_time else _("Arrives too late.")
    if needed_by is None:
        return _("The cheapest.")
    if candidate.offer.is_in_time:
        return _("The cheapest that arrives by %s.") % needed_by.isoformat()
    return _("None arrives by %s: this is the first that does.") % needed_by.isoformat()


def _refusals() -> dict[Refused, str]:
    return {
        Refused.NOT_FROM_HERE: _("Does not collect at this warehouse."),
        Refused.NOT_THERE: _("Does not go there."),
        Refused.TOO_HEAVY: _("Too heavy for this service."),
        Refused.NO_STEP: _("Its rates end below this weight or volume."),
        Refused.NO_EXCHANGE_RATE: _("No exchange rate is set for its currency."),
        Refused.NO_DATE: _("There is no day on which it collects or delivers."),
    }


def services_with_rates() -> list[CarrierService]:
    """All services with the number of their zones, the active ones first."""
    services = CarrierService.objects.select_related("carrier").annotate(zone_count=Count("zones"))
    return list(services.order_by("-is_active", "carrier__title", "title"))
