"""What a shipment is worth to a rule: one number in which the rule's criteria stand side by side.

Criteria never weigh against each other: the first that does not tie decides. So each has a field of its
own in the number, the first criterion in the highest; sums of shipments compare as their criteria
would, one after the other. All criteria count so that less is better, by the unit shipped; splits
by the shipment, cost as money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from fulfillment.plans import Offer, Offers, Site
from fulfillment.rules import Criterion
from fulfillment.splitting import Load

UNKNOWN_KM = 40_000
"""Farther than any way on earth: a place that is not known ties with all others and comes last."""

NO_OFFER = Decimal(10_000_000)
"""Dearer than any shipment: where no service goes that we know of."""

_BITS = 64
_MASK = (1 << _BITS) - 1
_DEEPEST = 1 << 30
_MONEY = 10_000  # money is counted at four places
_BY_OFFER = frozenset({Criterion.LANDED_COST, Criterion.PROMISE_MET})


@dataclass(frozen=True)
class Scale:
    """The fields of a rule's criteria."""

    criteria: tuple[Criterion, ...]

    @cached_property
    def shifts(self) -> dict[Criterion, int]:
        return {x: _BITS * place for place, x in enumerate(reversed(self.criteria))}

    @cached_property
    def asks_offers(self) -> bool:
        return not _BY_OFFER.isdisjoint(self.criteria)

    def read(self, value: int, criterion: Criterion) -> int:
        return value >> self.shifts[criterion] & _MASK

    def first_difference(self, a: int, b: int) -> Criterion | None:
        """The criterion that decides between the two; None: they are equal."""
        if a == b:
            return None
        return self.criteria[-1 - ((a ^ b).bit_length() - 1) // _BITS]

    def said(self, criterion: Criterion, value: int, units: int) -> float | str | None:
        """A criterion's part of a set's number as people say it: km and the like on average, money."""
        n = self.read(value, criterion)
        match criterion:
            case Criterion.FEWEST_SPLITS | Criterion.PROMISE_MET:
                return n
            case Criterion.LANDED_COST:
                cost = Decimal(n) / _MONEY
                return None if cost >= NO_OFFER else f"{cost:.2f}"
            case Criterion.DISTANCE:
                return None if n >= UNKNOWN_KM * units else round(n / units)
            case Criterion.STOCK_DEPTH:
                return round(_DEEPEST - n / units)
            case Criterion.RELIABILITY:
                return round(100 - n / units / 10, 1)
            case _:
                return round(n / units, 1)


class _Cargo(NamedTuple):
    """What a load counts and weighs, its longest piece, and how many lines are picked for it."""

    units: int
    weight_kg: float
    volume_l: float
    length_mm: int
    picks: int


@dataclass(slots=True)
class Worth:
    """What shipments to one address are worth, by the places of the sites in ``sites``.

    ``units``, ``weights``, ``volumes``, ``lengths`` and ``picks`` say what one set of each good counts,
    weighs and so on.
    """

    scale: Scale
    sites: list[Site]
    kilometers: Mapping[int, int]
    depths: Mapping[int, int]
    ship_to_id: int
    needed_by: date | None
    offers: Offers | None
    units: Load
    weights: tuple[float, ...]
    volumes: tuple[float, ...]
    lengths: Load
    picks: Load
    _per_unit: dict[int, int] = field(default_factory=dict)
    _cargo: dict[Load, _Cargo] = field(default_factory=dict)
    _prices: dict[tuple[int, Load], int] = field(default_factory=dict)
    _offers: dict[tuple[int, Load], Offer | None] = field(default_factory=dict)

    def sort(self, load: Load) -> None:
        """Put the site first that would be best if each had it all."""
        prices = {site.id: self.price(place, load) for place, site in enumerate(self.sites)}
        self.sites.sort(key=lambda site: (prices[site.id], site.id))

    def price(self, place: int, load: Load) -> int:
        """The number of a shipment of this load from this site."""
        site = self.sites[place]
        key = site.id, load
        if (known := self._prices.get(key)) is not None:
            return known
        units = self._weigh(load).units
        if (per_unit := self._per_unit.get(site.id)) is None:
            per_unit = self._per_unit[site.id] = self._by_unit(site)
        shifts = self.scale.shifts
        value = units * per_unit + (1 << shifts[Criterion.FEWEST_SPLITS])
        if self.scale.asks_offers:
            offer = self.offer(place, load)
            if (shift := shifts.get(Criterion.LANDED_COST)) is not None:
                value += int(self.cost(place, load) * _MONEY) << shift
            if (shift := shifts.get(Criterion.PROMISE_MET)) is not None:
                value += (0 if offer and offer.is_in_time else units) << shift
        self._prices[key] = value
        return value

    def _weigh(self, load: Load) -> _Cargo:
        """Sites are mostly asked for the same load."""
        if (cargo := self._cargo.get(load)) is None:
            there = [i for i, sets in enumerate(load) if sets]
            cargo = self._cargo[load] = _Cargo(
                units=sum([load[i] * self.units[i] for i in there]),
                weight_kg=sum([load[i] * self.weights[i] for i in there]),
                volume_l=sum([load[i] * self.volumes[i] for i in there]),
                length_mm=max([self.lengths[i] for i in there], default=0),
                picks=sum([self.picks[i] for i in there]),
            )
        return cargo

    def _by_unit(self, site: Site) -> int:
        """The criteria that are the site's own."""
        own = {
            Criterion.DISTANCE: self.kilometers[site.id],
            Criterion.WAREHOUSE_PRIORITY: site.priority,
            Criterion.STOCK_DEPTH: _DEEPEST - min(self.depths[site.id], _DEEPEST),
            Criterion.RELIABILITY: 1000 - round(site.reliability * 1000),
        }
        shifts = self.scale.shifts
        return sum([n << shifts[criterion] for criterion, n in own.items() if criterion in shifts])

    def offer(self, place: int, load: Load) -> Offer | None:
        """The service that would carry the load; None: none is known."""
        if self.offers is None:
            return None
        key = self.sites[place].id, load
        if key not in self._offers:
            cargo = self._weigh(load)
            self._offers[key] = self.offers.best(
                key[0],
                self.ship_to_id,
                cargo.weight_kg,
                cargo.volume_l,
                self.needed_by,
                cargo.length_mm,
            )
        return self._offers[key]

    def cost(self, place: int, load: Load) -> Decimal:
        """The service's price with the picks and the carton."""
        site, offer = self.sites[place], self.offer(place, load)
        handling = site.carton_cost + site.pick_cost * self._weigh(load).picks
        return (offer.cost if offer else NO_OFFER) + handling


def times(load: Load, each: Load) -> int:
    """Σ sets times what one of them counts."""
    return sum([n * m for n, m in zip(load, each, strict=True)])
