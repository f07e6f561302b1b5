"""The rule set in the shadow: it decides over the orders that are routed, from what the router saw.

The router only writes down what it looked at, in the transaction of its decision: one row, and
nothing at all while no set runs in the shadow. The deciding comes later, on the queue of the reports, so
that no order waits for it; and because it reads the row, not the stock of that later moment, both
sets have decided from the same facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from fulfillment import recording, routing
from fulfillment.events import ShadowAsked
from fulfillment.models import (
    ReplayOrder,
    RoutingDecision,
    ShadowBatch,
    ShadowResult,
)
from fulfillment.outcomes import Outcome, Sums, outcome_of
from fulfillment.plans import Demand, Plan
from fulfillment.selectors.offers import load_offers
from fulfillment.selectors.rule_sets import rules_of
from fulfillment.services.replay import figures_of, outcome_json
from fulfillment.services.situation import Situation, with_shares
from oms.core import bulk
from oms.core.actors import Actor
from oms.core.events import publish

KEPT = timedelta(days=30)
REPLAYS_KEPT = timedelta(days=90)
ONE_ROUTING = timedelta(minutes=1)
"""Longer than a transaction of the router may take."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the router looked at, written down before it took from it."""

    rule_set_id: int
    demands: Sequence[Demand]
    situation: Situation
    facts: recording.Json


def observe(demands: Sequence[Demand], situation: Situation, *, now: datetime) -> Seen | None:
    """Write down what the router is about to decide from; None: no set runs in the shadow."""
    if (key := situation.places.shadow_id) is None:
        return None
    facts = recording.to_json(demands, situation.stock, situation.places.sites, now)
    return Seen(key, demands, situation, facts)


def keep(seen: Seen, plans: Iterable[Plan], *, actor: Actor) -> None:  # noqa: ARG001 - every service says who acts
    """Store it with what was decided, for the shadow; call it in the router's transaction."""
    demands = {demand.order_id: demand for demand in seen.demands}
    sites = {site.id: site for site in seen.situation.places.sites}
    outcomes = [outcome_of(demands[plan.order_id], plan, sites) for plan in plans]
    facts = {**seen.facts, "outcomes": [recording.outcome_to_json(each) for each in outcomes]}
    batch = ShadowBatch.objects.create(rule_set_id=seen.rule_set_id, facts=facts)
    publish(ShadowAsked(batch_id=batch.pk))


@transaction.atomic
def decide_in_shadow(*, batch_ids: Collection[int], actor: Actor) -> int:  # noqa: ARG001 - every service says who acts
    """Let the set in the shadow decide what the router decided; how many orders there were.

    What was written down for a set that has left the shadow is dropped: its rules may have changed.
    """
    batches = ShadowBatch.objects.filter(pk__in=batch_ids).select_related("rule_set")
    count = 0
    for batch in batches.order_by("pk"):
        if batch.rule_set.is_shadow:
            count += _decide(batch)
    ShadowBatch.objects.filter(pk__in=batch_ids).delete()
    return count


def _decide(batch: ShadowBatch) -> int:
    seen = recording.from_json(batch.facts)
    rules = rules_of(batch.rule_set)
    offers = load_offers(
        {pk for demand in seen.demands for pk in demand.destinations},
        now=seen.now,
        ready={site.id: site.ships_on for site in seen.sites},
    )
    found = [recording.outcome_from_json(each) for each in batch.facts["outcomes"]]
    actives = {outcome.order_id: outcome for outcome in found}
    by_key = {demand.order_id: demand for demand in with_shares(seen.demands, rules)}
    plans = routing.plan(
        [by_key[key] for key in actives],
        seen.stock,
        seen.sites,
        rules,
        offers,
        in_given_order=True,
    )
    sites = {site.id: site for site in seen.sites}
    shadows = [outcome_of(by_key[plan.order_id], plan, sites) for plan in plans]
    _store(batch, [(actives[each.order_id], each) for each in shadows], seen)
    return len(shadows)


def _store(
    batch: ShadowBatch, pairs: Sequence[tuple[Outcome, Outcome]], seen: recording.Recorded
) -> None:
    codes = {site.id: site.code for site in seen.sites}
    today = seen.now.date()
    keys = _decisions(batch, [active.order_id for active, _ in pairs])

    def told(outcome: Outcome) -> dict[str, Any]:
        sums = Sums()
        sums.add(outcome, today)
        return outcome_json(outcome, codes, today) | {"figures": figures_of(sums)}

    rows = []
    for active, shadow in pairs:
        differs = shadow.differences(active, today)
        if not differs and active.order_id not in keys:
            continue  # an order that waits, and would wait in the shadow too: nothing was decided
        rows.append(
            (
                batch.rule_set_id,
                active.order_id,
                keys.get(active.order_id),
                bool(differs),
                told(active),
                told(shadow) | {"differs": differs},
                batch.at,
            )
        )
    columns = ["rule_set", "order", "decision_id", "is_different", "active", "shadow", "at"]
    bulk.insert(ShadowResult, columns, rows)


def _decisions(batch: ShadowBatch, order_ids: Sequence[int]) -> dict[int, int]:
    """Order → the decision that the router stored right after the batch."""
    found = RoutingDecision.objects.filter(
        order__in=order_ids, at__gte=batch.at, at__lt=batch.at + ONE_ROUTING
    )
    return dict(found.order_by("-pk").values_list("order_id", "pk"))


@transaction.atomic
def prune_trials(*, actor: Actor) -> None:  # noqa: ARG001 - every service says who acts
    """Forget what the shadow decided a month ago, and the single orders of old replays."""
    ShadowResult.objects.filter(at__lt=Now() - KEPT).delete()
    ShadowBatch.objects.filter(at__lt=Now() - KEPT).delete()
    ReplayOrder.objects.filter(run__created_at__lt=Now() - REPLAYS_KEPT).delete()
