"""When the lines of orders come, by all that is known now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from fulfillment.promising import Cause, Part, cover, latest, parts, wait_for_each_other
from fulfillment.selectors.promise_facts import Leaving, OwedLine, PromiseFacts


def expected_parts(facts: PromiseFacts) -> dict[int, Part]:
    """By line, the part that comes last; lines that owe nothing are left out."""
    ahead_of_us: dict[tuple[int, datetime], int] = defaultdict(int)
    found: dict[int, Part] = {}
    for line in facts.lines:
        if line.is_owed:
            found[line.line_id] = latest(_parts_of(line, facts, ahead_of_us))
    return wait_for_each_other(found, _groups(facts.lines))


def _groups(lines: Sequence[OwedLine]) -> Iterable[list[int]]:
    """What comes together: the parts of a kit, and all of an order that takes no part shipments."""
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for line in lines:
        if line.is_whole:
            groups["order", line.order_id].append(line.line_id)
        elif line.parent_id:
            groups["kit", line.parent_id].append(line.line_id)
    return groups.values()


def _parts_of(
    line: OwedLine, facts: PromiseFacts, ahead_of_us: dict[tuple[int, datetime], int]
) -> list[Part]:
    found = [_on_shipment(line, each, facts) for each in facts.leaving.get(line.line_id, [])]
    if line.waiting:
        found += _waiting(line, facts, ahead_of_us)
    return found or [Part(Cause.UNKNOWN, line.allocated, None, {"why": "no_supply"})]


def _on_shipment(line: OwedLine, leaving: Leaving, facts: PromiseFacts) -> Part:
    """As the shipment was planned; one whose day has passed, or is none any more, leaves when it can."""
    gate = facts.gates[leaving.warehouse_id]
    about = {"shipment": leaving.number, "warehouse": gate.code}
    today = facts.now.astimezone(gate.dock.zone).date()
    planned = leaving.ships_on
    if planned and leaving.arrives_on and planned >= today and gate.dock.calendar.is_open(planned):
        about |= {"ships": planned.isoformat(), "service": leaving.service}
        return Part(Cause.SHIPMENT, leaving.units, leaving.arrives_on, about)
    trip = facts.reach(line, leaving.units)(leaving.warehouse_id, None)
    if trip is None:
        return Part(Cause.UNKNOWN, leaving.units, None, about | {"why": "closed"})
    extra: dict[str, Any] = {"ships": trip.ships_on.isoformat(), "service": trip.service}
    if planned and planned < today:
        extra["was_due"] = planned.isoformat()
    if trip.arrives_on is None:
        extra["leaves_only"] = True
    return Part(Cause.SHIPMENT, leaving.units, trip.end, about | extra)


def _waiting(
    line: OwedLine, facts: PromiseFacts, ahead_of_us: dict[tuple[int, datetime], int]
) -> list[Part]:
    """From stock, arriving goods or a pre-order, behind everybody who claimed the product before."""
    product = facts.supply.of(line.product_id)
    same_order = (line.product_id, line.rank_at)
    covered = cover(
        line.waiting,
        ahead=product.claimed_before(line.rank_at) + ahead_of_us[same_order],
        free=sum(level.free for level in product.levels.values()),
        arrivals=facts.arrivals[line.product_id],
    )
    ahead_of_us[same_order] += line.waiting
    today = facts.now.date()
    preorder = line.preorder if line.preorder and line.preorder > today else None
    found = parts(
        covered,
        sites={pk: level.free for pk, level in product.levels.items()},
        codes=facts.codes,
        reach=facts.reach(line, line.waiting),
        preorder=preorder,
    )
    return [_held(part) for part in found] if line.is_held else found


def _held(part: Part) -> Part:
    return Part(part.cause, part.units, part.expected, {**part.facts, "held": True})
