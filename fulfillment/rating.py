"""What carrier services ask for a shipment, and which of them is chosen. Plain data in, offers out.

A rate table is zones (country, beginning of the postcode, origin) with steps of weight and volume. The
weight that is charged is the larger of the real one and volume / divisor. On top come surcharges, and on
both the fuel percentage; every amount is rounded to the currency where it arises (``oms.core.money``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from math import ceil
from typing import Any

from fulfillment.plans import Offer
from fulfillment.promising import EVERY_DAY, Calendar, arrival_date
from oms.core.money import round_amount

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Step:
    """The rate up to a weight (kg) and, where given, a volume (liters)."""

    up_to_kg: Decimal
    amount: Decimal
    up_to_liters: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """Where a service goes; the longest postcode prefix counts, one with an origin before one without."""

    title: str
    country: str
    transit_days: int
    steps: tuple[Step, ...]
    postcode_prefix: str = ""
    origin_id: int | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """A surcharge: an amount, a percentage of the rate, or both, where every given condition holds."""

    title: str
    amount: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    country: str = ""
    postcode_prefix: str = ""
    over_kg: Decimal | None = None
    over_length_mm: int | None = None


@dataclass(frozen=True)
class Service:
    """A carrier's service with its rate table. No ``origins``: it collects at every warehouse."""

    id: int
    label: str
    currency: str
    zones: tuple[Zone, ...]
    extras: tuple[Extra, ...] = ()
    fuel_percent: Decimal = Decimal(0)
    volume_divisor: int | None = None
    max_weight_kg: Decimal | None = None
    collection_days: frozenset[int] = EVERY_DAY
    delivery_days: frozenset[int] = EVERY_DAY
    origins: frozenset[int] = frozenset()

    @cached_property
    def _zones(self) -> dict[tuple[int | None, str, str], Zone]:
        return {(z.origin_id, z.country, normal(z.postcode_prefix)): z for z in self.zones}

    @cached_property
    def _lanes(self) -> dict[tuple[object, ...], Lane]:
        return {}

    @cached_property
    def depth(self) -> int:
        """How many characters of a postcode the table looks at."""
        prefixes = [x.postcode_prefix for x in self.zones]
        prefixes += [x.postcode_prefix for x in self.extras]
        return max((len(normal(prefix)) for prefix in prefixes), default=0)

    @cached_property
    def _longest(self) -> int:
        return max((len(prefix) for *_, prefix in self._zones), default=0)

    def zone(self, origin_id: int, place: Place) -> Zone | None:
        """The zone of a place for goods from a warehouse."""
        for origin in (origin_id, None):
            for length in range(min(self._longest, len(place.postcode)), -1, -1):
                key = (origin, place.country, place.postcode[:length])
                if found := self._zones.get(key):
                    return found
        return None

    def lane(self, origin_id: int, there: Place) -> Lane | Refused:
        """The way from a warehouse to a place; places of one zone share it, and what it worked out."""
        if self.origins and origin_id not in self.origins:
            return Refused.NOT_FROM_HERE
        zone = self.zone(origin_id, there)
        if zone is None:
            return Refused.NOT_THERE
        extras = tuple(x for x in self.extras if _is_there(x, there))
        key = (zone.origin_id, zone.country, zone.postcode_prefix, *map(id, extras))
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(self, zone, extras)
        return lane


@dataclass(frozen=True, slots=True)
class Place:
    """A destination; make it with ``place`` so that postcodes compare."""

    country: str
    postcode: str


def place(country: str, postcode: str) -> Place:
    return Place(country.upper(), normal(postcode))


def normal(postcode: str) -> str:
    """Capital letters and digits alone: "sw1a 1aa" and "SW1A1AA" are one place."""
    return "".join(filter(str.isalnum, postcode.upper()))


class Refused(StrEnum):
    """Why a service does not take a shipment."""

    NOT_FROM_HERE = "not_from_here"
    NOT_THERE = "not_there"
    TOO_HEAVY = "too_heavy"
    NO_STEP = "no_step"
    NO_EXCHANGE_RATE = "no_exchange_rate"
    NO_DATE = "no_date"


@dataclass(frozen=True, slots=True)
class Price:
    """What a service asks, part by part, in its own currency."""

    zone: str
    rate: Decimal
    extras: tuple[tuple[str, Decimal], ...]
    fuel: Decimal
    total: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be carried: grams, milliliters and the longest side, as integers that compare exactly."""

    grams: int
    milliliters: int = 0
    length_mm: int = 0


def load(weight_kg: Decimal | float, volume_l: Decimal | float = 0, length_mm: int = 0) -> Load:
    """Rounded up to the gram and the milliliter; a sum of floats may be off by far less than that."""
    return Load(_thousandths(weight_kg), _thousandths(volume_l), length_mm)


def _thousandths(value: Decimal | float) -> int:
    return ceil(round(float(value) * 1000, 3))


def billed_grams(service: Service, cargo: Load) -> int:
    """The larger of the real weight and the volumetric one (cm³ / divisor = kg)."""
    if not service.volume_divisor:
        return cargo.grams
    return max(cargo.grams, ceil(cargo.milliliters * 1000 / service.volume_divisor))


def price(service: Service, origin_id: int, there: Place, cargo: Load) -> Price | Refused:
    """What the service asks for a shipment, or why it does not take it."""
    lane = service.lane(origin_id, there)
    return lane if isinstance(lane, Refused) else lane.price(cargo)


def _is_there(extra: Extra, there: Place) -> bool:
    return extra.country in {"", there.country} and there.postcode.startswith(
        normal(extra.postcode_prefix)
    )


@dataclass(frozen=True)
class Lane:
    """A service in one zone, with the surcharges that may come at the place. Keeps what it worked out."""

    service: Service
    zone: Zone
    extras: tuple[Extra, ...]
    _prices: dict[tuple[int, tuple[bool, ...]], Price] = field(default_factory=dict)

    def price(self, cargo: Load) -> Price | Refused:
        billed = billed_grams(self.service, cargo)
        if self._limit is not None and cargo.grams > self._limit:
            return Refused.TOO_HEAVY
        number = self._step(billed, cargo.milliliters)
        if number is None:
            return Refused.NO_STEP
        asked = tuple([billed > g and cargo.length_mm > mm for g, mm in self._conditions])
        key = (number, asked)
        if key not in self._prices:
            extras = [x for x, applies in zip(self.extras, asked, strict=True) if applies]
            self._prices[key] = self._price(number, extras)
        return self._prices[key]

    @cached_property
    def _conditions(self) -> list[tuple[int, int]]:
        """Above how many grams and millimeters each surcharge is asked for; -1: always."""
        return [
            (
                -1 if x.over_kg is None else _thousandths(x.over_kg),
                -1 if x.over_length_mm is None else x.over_length_mm,
            )
            for x in self.extras
        ]

    @cached_property
    def _limit(self) -> int | None:
        limit = self.service.max_weight_kg
        return None if limit is None else _thousandths(limit)

    @cached_property
    def _steps(self) -> list[tuple[int, int | None, Decimal]]:
        """Grams, milliliters and amount, the smallest first; no volume means any."""
        steps = [
            (
                _thousandths(step.up_to_kg),
                None if step.up_to_liters is None else _thousandths(step.up_to_liters),
                step.amount,
            )
            for step in self.zone.steps
        ]
        return sorted(steps, key=lambda step: (step[0], step[1] is None, step[1] or 0))

    def _step(self, billed: int, milliliters: int) -> int | None:
        for number, (grams, volume, _) in enumerate(self._steps):
            if billed <= grams and (volume is None or milliliters <= volume):
                return number
        return None

    def _price(self, number: int, extras: Sequence[Extra]) -> Price:
        currency = self.service.currency
        rate = round_amount(self._steps[number][2], currency)
        asked = tuple((x.title, _extra_amount(x, rate, currency)) for x in extras)
        base = rate + sum((amount for _, amount in asked), Decimal(0))
        fuel = round_amount(base * self.service.fuel_percent / _HUNDRED, currency)
        return Price(self.zone.title, rate, asked, fuel, base + fuel, currency)


def _extra_amount(extra: Extra, rate: Decimal, currency: str) -> Decimal:
    return round_amount(extra.amount + rate * extra.percent / _HUNDRED, currency)


# --- Offers ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service as the question was put to it: an offer with its price, or why there is none."""

    service: Service
    offer: Offer | None = None
    price: Price | None = None
    refused: Refused | None = None
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """A lane with its days: what does not depend on the goods."""

    lane: Lane
    ships_on: date
    arrives_on: date


@dataclass
class OfferBook:
    """Offers of services between warehouses and addresses, for one moment; implements ``plans.Offers``.

    ``ready`` is the day from when goods can leave each warehouse, ``docks`` its calendar, ``places``
    the addresses by id, ``holidays`` those of the destination's country. Services of other currencies
    than ``currency`` are converted by ``exchange`` (one unit of theirs in ours); those without a rate
    are refused, unless all services have one currency: then the offers are in that.
    """

    services: Sequence[Service]
    ready: Mapping[int, date | None]
    docks: Mapping[int, Calendar]
    places: Mapping[int, Place]
    holidays: Mapping[str, frozenset[date]] = field(default_factory=dict)
    currency: str = "EUR"
    exchange: Mapping[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        spoken = {service.currency for service in self.services}
        if len(spoken) == 1:
            (self.currency,) = spoken
        # Places that no table tells apart are one: most questions are answered by then.
        depth = max((service.depth for service in self.services), default=0)
        self._there = {
            pk: Place(where.country, where.postcode[:depth]) for pk, where in self.places.items()
        }
        self._ships: dict[tuple[int, date, frozenset[int]], date | None] = {}
        self._ways: dict[tuple[int, Place, date | None], list[_Way]] = {}
        self._found: dict[tuple[int, Place, Load, date | None], Offer | None] = {}
        self._arrivals: dict[tuple[int, date, int, str], date | None] = {}

    def best(
        self,
        site_id: int,
        ship_to_id: int,
        weight_kg: Decimal | float,
        volume_l: float,
        needed_by: date | None,
        length_mm: int = 0,
    ) -> Offer | None:
        """The cheapest offer that arrives in time; if none does, the one that arrives first."""
        there = self._there.get(ship_to_id)
        if there is None:
            return None
        key = (site_id, there, load(weight_kg, volume_l, length_mm), needed_by)
        if key not in self._found:
            ready = self.ready.get(site_id)
            self._found[key] = self._choose(site_id, there, key[2], needed_by, ready)
        return self._found[key]

    def best_from(
        self, site_id: int, ship_to_id: int, cargo: Load, ready: date, needed_by: date | None = None
    ) -> Offer | None:
        """The same for goods that are ready on another day: when they have come, or a pre-order ends."""
        there = self._there.get(ship_to_id)
        if there is None:
            return None
        return self._choose(site_id, there, cargo, needed_by, ready)

    def compare(
        self, site_id: int, ship_to_id: int, cargo: Load, needed_by: date | None
    ) -> list[Candidate]:
        """Every service with its price and days, the chosen one first, then by cost; for people."""
        there, ready = self._there[ship_to_id], self.ready.get(site_id)
        found = [self._candidate(x, site_id, there, cargo, needed_by, ready) for x in self.services]
        best = self._choose(site_id, there, cargo, needed_by, ready)
        marked = [replace(each, is_chosen=bool(best) and each.offer == best) for each in found]
        return sorted(marked, key=_for_people)

    def _candidate(
        self,
        service: Service,
        site_id: int,
        there: Place,
        cargo: Load,
        needed_by: date | None,
        ready: date | None,
    ) -> Candidate:
        lane = service.lane(site_id, there)
        asked = lane if isinstance(lane, Refused) else lane.price(cargo)
        if isinstance(lane, Refused) or isinstance(asked, Refused):
            return Candidate(service, refused=Refused(str(asked)))
        way = self._way(lane, site_id, there, ready) if ready else None
        if not way:
            return Candidate(service, price=asked, refused=Refused.NO_DATE)
        offer = self._offer(way, asked, needed_by)
        refused = None if offer else Refused.NO_EXCHANGE_RATE
        return Candidate(service, offer, asked, refused)

    def _choose(
        self,
        site_id: int,
        there: Place,
        cargo: Load,
        needed_by: date | None,
        ready: date | None,
    ) -> Offer | None:
        """The cheapest that is in time, the faster of equals; else the fastest, the cheaper of equals."""
        if ready is None:
            return None
        best: tuple[tuple[Any, ...], _Way, Price] | None = None
        for way in self._ways_from(site_id, there, ready):
            asked = way.lane.price(cargo)
            if isinstance(asked, Refused) or (cost := self._converted(asked)) is None:
                continue
            arrives, pk = way.arrives_on, way.lane.service.id
            in_time = needed_by is None or arrives <= needed_by
            rank = (0, cost, arrives, pk) if in_time else (1, arrives, cost, pk)
            if best is None or rank < best[0]:
                best = rank, way, asked
        return self._offer(best[1], best[2], needed_by) if best else None

    def _ways_from(self, site_id: int, there: Place, ready: date) -> list[_Way]:
        key = (site_id, there, ready)
        if key not in self._ways:
            self._ways[key] = list(self._all_ways(site_id, there, ready))
        return self._ways[key]

    def _all_ways(self, site_id: int, there: Place, ready: date) -> Iterable[_Way]:
        for service in self.services:
            lane = service.lane(site_id, there)
            if isinstance(lane, Lane) and (way := self._way(lane, site_id, there, ready)):
                yield way

    def _way(self, lane: Lane, site_id: int, there: Place, ready: date) -> _Way | None:
        service = lane.service
        ships = self._leaves(site_id, ready, service.collection_days)
        if ships is None:
            return None
        arrives = self._arrives(service, ships, lane.zone.transit_days, there.country)
        return _Way(lane, ships, arrives) if arrives else None

    def _leaves(self, site_id: int, ready: date, collection_days: frozenset[int]) -> date | None:
        key = (site_id, ready, collection_days)
        if key not in self._ships:
            self._ships[key] = self.docks[site_id].on(collection_days).first_open(ready)
        return self._ships[key]

    def _arrives(self, service: Service, ships: date, days: int, country: str) -> date | None:
        key = (service.id, ships, days, country)
        if key not in self._arrivals:
            closed = self.holidays.get(country, frozenset())
            calendar = Calendar(service.delivery_days, closed)
            self._arrivals[key] = arrival_date(ships, days, calendar)
        return self._arrivals[key]

    def _offer(self, way: _Way, asked: Price, needed_by: date | None) -> Offer | None:
        cost = self._converted(asked)
        if cost is None:
            return None
        return Offer(
            service_id=way.lane.service.id,
            label=way.lane.service.label,
            cost=cost,
            currency=self.currency,
            transit_days=way.lane.zone.transit_days,
            ships_on=way.ships_on,
            arrives_on=way.arrives_on,
            is_in_time=needed_by is None or way.arrives_on <= needed_by,
        )

    def _converted(self, asked: Price) -> Decimal | None:
        if asked.currency == self.currency:
            return asked.total
        rate = self.exchange.get(asked.currency)
        return None if rate is None else round_amount(asked.total * rate, self.currency)


def _for_people(candidate: Candidate) -> tuple[bool, bool, Decimal, str]:
    cost = candidate.offer.cost if candidate.offer else Decimal(0)
    return not candidate.is_chosen, candidate.offer is None, cost, candidate.service.label
