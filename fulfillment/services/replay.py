"""Try a rule set on past orders, beside the one that decides now: a background job, nothing is shipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fulfillment.exceptions import RuleRefused
from fulfillment.models import ReplayOrder, ReplayRun, RuleSet
from fulfillment.outcomes import Outcome, Sums
from fulfillment.replaying import Replay, World
from fulfillment.selectors.rule_sets import active_rules, rules_of
from fulfillment.services.costs import RATES
from fulfillment.services.past import (
    Window,
    changes_in,
    count_orders,
    demands_in,
    load_clock,
    opening_of,
)
from fulfillment.services.routing_rules import lock_rule_set
from inventory.models import Warehouse
from oms.core import activity
from oms.core.actors import Actor
from oms.core.models import CostEvent
from oms.core.progress import JobHandle, start_job

KIND = "routing_replay"
MOST_DAYS = 180
ROWS = 500


@transaction.atomic
def start_replay(*, rule_set_id: int, days: int, actor: Actor) -> ReplayRun:
    """Queue the replay of a set over the orders placed in the last so many days.

    :raises RuleRefused: it is the active set, has no rule that is enabled, or the days are too many.
    """
    rule_set = lock_rule_set(rule_set_id)
    if rule_set.status == RuleSet.Status.ACTIVE:
        raise RuleRefused(f"{rule_set} decides now: there is nothing to compare it with.")
    if not 1 <= days <= MOST_DAYS:
        raise RuleRefused(f"A replay goes back 1 to {MOST_DAYS} days, not {days}.")
    if not rule_set.rules.filter(is_enabled=True).exists():
        raise RuleRefused(f"{rule_set} has no rule that is enabled: it could decide nothing.")
    now = timezone.now()
    run = ReplayRun.objects.create(
        rule_set=rule_set, from_at=now - timedelta(days=days), to_at=now, created_by=actor.label
    )
    length = ngettext("%d day", "%d days", days) % days
    title = _("Replay of “%(name)s” over %(length)s") % {"name": rule_set, "length": length}
    job = start_job(kind=KIND, title=title, params={"run": run.pk}, actor=actor)
    ReplayRun.objects.filter(pk=run.pk).update(job_id=job.pk)
    activity.record(rule_set, "replayed", actor=actor, new=length)
    run.job_id = job.pk
    return run


def run_replay(job: JobHandle) -> dict[str, Any]:
    """Do a replay that was started; when it is stopped, nothing of it is kept.

    The database sees one chunk of orders after the other, through cursors: memory holds the stock and
    the orders that wait.
    """
    with transaction.atomic():
        return _replay(job)


def _replay(job: JobHandle) -> dict[str, Any]:
    run = ReplayRun.objects.select_related("rule_set").get(pk=job.params["run"])
    window = Window(run.from_at, run.to_at)
    sets = active_rules(), rules_of(run.rule_set)
    opening = opening_of(window)
    clock = load_clock(
        window,
        pick_cost=RATES[CostEvent.Kind.PICK.value],
        carton_cost=RATES[CostEvent.Kind.CARTON.value],
    )
    replay = Replay(
        (World(sets[0], opening, clock), World(sets[1], opening, clock)), run.to_at.date()
    )
    total, found = count_orders(window), _Differences(run, run.to_at.date())
    pairs = replay.run(_counted(demands_in(window, sets), job, total), changes_in(window))
    for pair in pairs:
        found.add(*pair)
    found.write()
    run.orders, run.changed = replay.active.orders, found.count
    run.figures = {
        "active": figures_of(replay.active),
        "tried": figures_of(replay.tried),
        "active_set": sets[0].name,
        "active_id": sets[0].id,
        "currency": clock.offers.currency,
        "differences": dict(found.kinds),
    }
    ReplayRun.objects.filter(pk=run.pk).update(
        orders=run.orders, changed=run.changed, figures=run.figures, finished_at=Now()
    )
    return {
        "sentence": _("%(changed)d of %(orders)d orders would go another way.")
        % {"changed": run.changed, "orders": run.orders},
        "url": reverse("fulfillment:replay_page", args=[run.rule_set_id, run.pk]),
        "label": _("Open the result"),
    }


def _counted(demands: Iterable[Any], job: JobHandle, total: int) -> Iterator[Any]:
    for done, demand in enumerate(demands):
        job.progress(done, total)
        yield demand
    job.progress(total, total)


class _Differences:
    """The orders that the two sets decide differently, written in bulk as they are found."""

    def __init__(self, run: ReplayRun, today: date) -> None:
        self.count = 0
        self.kinds: Counter[str] = Counter()
        self._run = run
        self._today = today
        self._codes = dict(Warehouse.objects.values_list("pk", "code"))
        self._rows: list[ReplayOrder] = []

    def add(self, active: Outcome, tried: Outcome) -> None:
        if not (kinds := tried.differences(active, self._today)):
            return
        self.count += 1
        self.kinds.update(kinds)
        self._rows.append(
            ReplayOrder(
                run=self._run,
                order_id=active.order_id,
                active=outcome_json(active, self._codes, self._today),
                tried=outcome_json(tried, self._codes, self._today) | {"differs": kinds},
            )
        )
        if len(self._rows) >= ROWS:
            self.write()

    def write(self) -> None:
        ReplayOrder.objects.bulk_create(self._rows)
        self._rows = []


def outcome_json(outcome: Outcome, codes: dict[int, str], today: date) -> dict[str, Any]:
    """What a set made of an order, as it is kept."""
    return {
        "rule": outcome.rule,
        "sent": [
            {
                "site": codes[each.warehouse_id],
                "units": each.units,
                "km": each.km,
                "cost": _text(each.cost),
                "arrives": _text(each.arrives_on),
            }
            for each in outcome.sent
        ],
        "owed": outcome.owed,
        "missing": outcome.missing,
        "canceled": outcome.canceled,
        "held": outcome.is_held,
        "late": outcome.is_late(today),
        "needed": _text(outcome.needed_by),
    }


def _text(value: Decimal | date | None) -> str | None:
    return None if value is None else str(value)


def figures_of(sums: Sums) -> dict[str, Any]:
    """The sums as they are kept: money as text."""
    return asdict(sums) | {"km": round(sums.km, 1), "cost": str(sums.cost)}
