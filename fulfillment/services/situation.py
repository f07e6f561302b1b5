"""What the planner decides from at one moment: stock, warehouses, rules, offers, shares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from fulfillment import rules
from fulfillment.models import RuleSet
from fulfillment.plans import Demand, Shares, Stock
from fulfillment.rating import OfferBook, place
from fulfillment.selectors.offers import book
from fulfillment.selectors.rule_sets import rules_of
from fulfillment.selectors.sites import SiteBook, load_sites
from fulfillment.services.costs import RATES
from fulfillment.services.demand import OpenLine
from inventory.models import Product
from inventory.selectors.supply import supply_for
from oms.core.models import CostEvent
from orders.models import ChannelShare


@dataclass(frozen=True, slots=True)
class Situation:
    """All facts of a batch but its orders."""

    stock: Stock
    places: SiteBook
    rules: rules.RuleSet
    offers: OfferBook

    def capacity_date(self, site_id: int) -> date | None:
        """The day whose capacity a shipment from there takes; None: the warehouse has no limit."""
        return self.places.limited.get(site_id)


def load_situation(lines: Sequence[OpenLine], *, now: datetime) -> Situation:
    """Five statements, however many lines; more once after another rule set was activated."""
    stock = load_stock(lines)
    places = load_sites(
        now,
        pick_cost=RATES[CostEvent.Kind.PICK.value],
        carton_cost=RATES[CostEvent.Kind.CARTON.value],
    )
    addresses = {line.ship_to_id: place(line.country, line.postcode) for line in lines}
    offers = book(addresses, now=now, gates=places.gates, ready=places.ready)
    return Situation(stock, places, _deciding(places.deciding), offers)


def load_stock(lines: Sequence[OpenLine]) -> Stock:
    """What may be promised to these lines, with the claims of everybody else."""
    owed_to_us: dict[int, int] = defaultdict(int)
    for line in lines:
        owed_to_us[line.product_id] += line.backordered
    if capped := {line.product_id for line in lines if line.has_cap}:
        Product.objects.only("pk").lock_all(capped)  # so that no two count the same room
    supply = supply_for(owed_to_us.keys(), demand_ids=[line.line_id for line in lines])
    stock = Stock({})
    claims: dict[int, list[tuple[datetime, int]]] = {}
    safety: dict[int, dict[int, int]] = {}
    for product_id, of_us in owed_to_us.items():
        product = supply.of(product_id)
        levels = product.levels.values()
        stock.usable[product_id] = {x.warehouse_id: x.available - x.safety_stock for x in levels}
        if kept := {x.warehouse_id: x.safety_stock for x in levels if x.safety_stock}:
            safety[product_id] = kept
        claims[product_id] = [(claim.rank_at, claim.quantity) for claim in product.claims]
        if product.backorder_cap is not None:
            room = product.backorder_cap - product.backordered + of_us
            stock.backorder_room[product_id] = max(0, room)
        if room_by_site := product.level_room:
            stock.level_room[product_id] = room_by_site
    stock.claims, stock.safety = claims, safety
    return stock


@dataclass
class _Kept:
    """The active rules as this process last read them: what has decided is never edited.

    Replaced as a whole, because threads share it.
    """

    rules: tuple[tuple[int, datetime] | None, rules.RuleSet] = (None, rules.NO_RULES)


_kept = _Kept()


def _deciding(key: tuple[int, datetime] | None) -> rules.RuleSet:
    known, found = _kept.rules
    if key != known:
        found = rules_of(RuleSet.objects.get(pk=key[0])) if key else rules.NO_RULES
        _kept.rules = key, found
    return found


def with_shares(demands: Sequence[Demand], rule_set: rules.RuleSet) -> list[Demand]:
    """The demands with their channels' stock shares, where a rule keeps to them."""
    if not any(rule.sites.keeps_share for rule in rule_set.rules):
        return list(demands)
    found: dict[int, dict[tuple[int | None, int | None], int]] = defaultdict(dict)
    rows = ChannelShare.objects.filter(channel__in={demand.channel_id for demand in demands})
    for channel, product, warehouse, percent in rows.values_list(
        "channel_id", "product_id", "warehouse_id", "percent"
    ):
        found[channel][product, warehouse] = percent
    shares = {channel: Shares(percent) for channel, percent in found.items()}
    return [
        replace(demand, shares=shares[demand.channel_id]) if demand.channel_id in shares else demand
        for demand in demands
    ]
