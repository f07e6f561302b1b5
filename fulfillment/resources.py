"""Rate tables of carrier services as one flat table: a row for each step of each zone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import CharField, F, Value
from django.db.models.functions import Concat, Lower
from django.utils.translation import gettext_lazy as _

from fulfillment.models import CarrierService, RateStep, RateZone
from inventory.models import Warehouse
from oms.core.actors import Actor
from oms.core.cells import Number, Text, Whole
from oms.core.countries import COUNTRY_NAMES
from oms.core.imports import Change, Column, Importer, Key, Problem, Values, chunks

_WEIGHT, _MONEY = Number(3), Number(3)
ZoneKey = tuple[str, str, str, str]
"""Service, origin, country and postcode prefix, folded: the first four columns of the key."""


def _path(before: str = "") -> Concat:
    """The name of a service in the file: ``carrier/service``."""
    parts = f"{before}carrier__code", Value("/"), f"{before}code"
    return Concat(*parts, output_field=CharField())


def _services() -> Any:
    return CarrierService.objects.annotate(folded=Lower(_path()))


@dataclass(frozen=True, slots=True)
class _Row:
    """A step as the table shows it."""

    step_id: int
    zone_id: int
    values: Values


class RateImporter(Importer):
    """Steps by service, zone and upper limits; what a zone has (title, days) stands in each of its rows."""

    name = "freight_rates"
    label = _("Freight rates")
    permission = "fulfillment.change_carrierservice"
    explain = _(
        "Known by service (carrier/service), origin, country, postcode prefix and upper limits."
    )
    key = ("service", "origin", "country", "postcode_prefix", "up_to_kg", "up_to_liters")
    columns = (
        Column("service", _("Service"), Text(), is_required=True),
        Column("zone", _("Zone"), Text(), is_required=True),
        Column("origin", _("From"), Text(), aliases=("warehouse",), can_be_empty=True),
        Column("country", _("Country"), Text(), is_required=True),
        Column("postcode_prefix", _("Postcode begins with"), Text(), can_be_empty=True),
        Column("transit_days", _("Transit (days)"), Whole(), is_required=True),
        Column("up_to_kg", _("Up to (kg)"), _WEIGHT, is_required=True),
        Column("up_to_liters", _("Up to (liters)"), _WEIGHT, can_be_empty=True),
        Column("amount", _("Amount"), _MONEY, is_required=True),
    )

    # --- Reading ------------------------------------------------------------------------------

    def read(self, keys: Collection[Key]) -> dict[Key, Values]:
        return {key: row.values for key, row in self._rows(keys).items()}

    def lock(self, keys: Collection[Key]) -> None:
        steps = RateStep.objects.filter(pk__in=[row.step_id for row in self._rows(keys).values()])
        list(steps.order_by("pk").select_for_update(no_key=True).values_list("pk"))

    def export(self) -> Iterator[Values]:
        for row in self._shown(RateStep.objects.all()):
            yield row.values

    def _rows(self, keys: Collection[Key]) -> dict[Key, _Row]:
        asked = set(keys)
        services = _services().filter(folded__in={key[0] for key in asked}).values("pk")
        shown = self._shown(RateStep.objects.filter(zone__service__in=services))
        return {key: row for row in shown if (key := self.key_of(row.values)) in asked}

    def _shown(self, steps: Any) -> Iterator[_Row]:
        path = _path("zone__service__")
        found = steps.annotate(path=path, site=F("zone__origin__code")).select_related("zone")
        for step in found.order_by("path", "zone__country", "zone_id", "up_to_kg", "up_to_liters"):
            zone = step.zone
            yield _Row(
                step.pk,
                zone.pk,
                {
                    "service": step.path,
                    "zone": zone.title,
                    "origin": step.site or "",
                    "country": zone.country,
                    "postcode_prefix": zone.postcode_prefix,
                    "transit_days": str(zone.transit_days),
                    "up_to_kg": _WEIGHT.show(step.up_to_kg),
                    "up_to_liters": _WEIGHT.show(step.up_to_liters),
                    "amount": _MONEY.show(step.amount),
                },
            )

    # --- Checking -----------------------------------------------------------------------------

    def check(self, changes: Sequence[Change]) -> Iterable[Problem]:
        services = _service_ids(changes)
        sites = _site_ids(changes)
        zones: dict[ZoneKey, tuple[int, Values]] = {}
        for each in changes:
            if found := _wrong(each, services, sites) or _differs(each, zones):
                yield Problem(each.row_number, *found)

    # --- Writing ------------------------------------------------------------------------------

    def write(self, changes: Sequence[Change], *, actor: Actor, document: str) -> None:
        for group in chunks(changes):
            zones = _write_zones(group)
            self._write_steps(group, zones)

    def take_back(self, changes: Sequence[Change], *, actor: Actor, document: str) -> None:
        old = [
            Change(each.row_number, each.key, each.after, each.before)
            for each in changes
            if each.before is not None
        ]
        self.write(old, actor=actor, document=document)
        new = self._rows([each.key for each in changes if each.before is None])
        RateStep.objects.filter(pk__in=[row.step_id for row in new.values()]).delete()
        emptied = RateZone.objects.filter(pk__in={row.zone_id for row in new.values()})
        emptied.filter(steps=None).delete()

    def _write_steps(self, changes: Sequence[Change], zones: dict[ZoneKey, int]) -> None:
        there = self._rows([each.key for each in changes if each.before is not None])
        new: list[RateStep] = []
        old: list[RateStep] = []
        for each in changes:
            step = RateStep(
                zone_id=zones[_zone_key(each)],
                up_to_kg=_decimal(each.after, "up_to_kg") or 0,
                up_to_liters=_decimal(each.after, "up_to_liters"),
                amount=_decimal(each.after, "amount") or 0,
            )
            if each.before is None:
                new.append(step)
            else:
                step.pk = there[each.key].step_id
                old.append(step)
        RateStep.objects.bulk_create(new)
        RateStep.objects.bulk_update(old, ["amount"])


def _zone_key(change: Change) -> ZoneKey:
    service, origin, country, prefix, *_limits = change.key
    return service, origin, country, prefix


def _decimal(values: Values, name: str) -> Decimal | None:
    return _WEIGHT.parse(values.get(name, ""))


def _service_ids(changes: Sequence[Change]) -> dict[str, int]:
    named = _services().filter(folded__in={each.key[0] for each in changes})
    return dict(named.values_list("folded", "pk"))


def _site_ids(changes: Sequence[Change]) -> dict[str, int]:
    sites = Warehouse.objects.annotate(folded=Lower("code"))
    found = sites.filter(folded__in={each.key[1] for each in changes})
    return dict(found.values_list("folded", "pk"))


def _wrong(
    change: Change, services: dict[str, int], sites: dict[str, int]
) -> tuple[str, str] | None:
    after, (service, origin, country, *_rest) = change.after, change.key
    weight, liters = _decimal(after, "up_to_kg"), _decimal(after, "up_to_liters")
    amount = _decimal(after, "amount")
    if service not in services:
        return "service", f"There is no service {after['service']}: write carrier/service."
    if origin and origin not in sites:
        return "origin", f"There is no warehouse {after['origin']}."
    if country.upper() not in COUNTRY_NAMES:
        return "country", f"{after['country']} is no country code such as DE."
    if weight is not None and weight <= 0:
        return "up_to_kg", "A step ends above 0 kg."
    if liters is not None and liters <= 0:
        return "up_to_liters", "A step ends above 0 liters."
    if amount is not None and amount < 0:
        return "amount", "A rate is not below 0."
    return None


def _differs(change: Change, zones: dict[ZoneKey, tuple[int, Values]]) -> tuple[str, str] | None:
    """All rows of a zone say the same of it."""
    row, first = zones.setdefault(_zone_key(change), (change.row_number, change.after))
    for name in ("zone", "transit_days"):
        if change.after.get(name) != first.get(name):
            return name, f"Row {row} says otherwise of this zone."
    return None


def _write_zones(changes: Sequence[Change]) -> dict[ZoneKey, int]:
    """The zones of these rows, made and brought up to date; by key."""
    services, sites = _service_ids(changes), _site_ids(changes)
    known = _known_zones(set(services.values()))
    wanted = {_zone_key(each): each for each in changes}
    new: list[RateZone] = []
    old: list[RateZone] = []
    for (service, origin, country, prefix), each in wanted.items():
        zone = RateZone(
            pk=known.get((service, origin, country, prefix)),
            service_id=services[service],
            origin_id=sites.get(origin),
            country=country.upper(),
            postcode_prefix=each.after.get("postcode_prefix", "").upper(),
            title=each.after["zone"],
            transit_days=Whole().parse(each.after["transit_days"]) or 0,
        )
        (old if zone.pk else new).append(zone)
    RateZone.objects.bulk_create(new)
    RateZone.objects.bulk_update(old, ["title", "transit_days"])
    return _known_zones(set(services.values()))


def _known_zones(service_ids: Collection[int]) -> dict[ZoneKey, int]:
    rows = RateZone.objects.filter(service__in=service_ids)
    rows = rows.annotate(path=Lower(_path("service__")))
    shown = rows.values_list("path", "origin__code", "country", "postcode_prefix", "pk")
    return {
        (service, (origin or "").lower(), country.lower(), prefix.lower()): pk
        for service, origin, country, prefix, pk in shown
    }
