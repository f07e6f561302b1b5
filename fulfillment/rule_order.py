"""What the order of rules brings about: a rule behind a wider one never gets its turn."""

from __future__ import annotations

from collections.abc import Sequence, Set
from decimal import Decimal

from fulfillment.rules import OrderFilter, Otherwise, Rule


def unreachable(rules: Sequence[Rule]) -> list[tuple[Rule, Rule]]:
    """The rules that no order ever comes to, each with the earlier rule that takes all of its orders.

    A rule that hands on what it cannot ship takes nothing from those behind it.
    """
    found = []
    for place, rule in enumerate(rules):
        before = (each for each in rules[:place] if each.otherwise is not Otherwise.NEXT_RULE)
        if taker := next((each for each in before if covers(each.orders, rule.orders)), None):
            found.append((rule, taker))
    return found


def covers(wide: OrderFilter, narrow: OrderFilter) -> bool:
    """Whether every order that the narrow filter takes is taken by the wide one too."""
    return (
        _holds_all(wide.channels, narrow.channels)
        and _holds_all(wide.countries, narrow.countries)
        and _holds_all(wide.tags, narrow.tags)
        and wide.profile in {"", narrow.profile}
        and _is_from(wide.value_from, narrow.value_from)
        and _is_from(wide.priority_from, narrow.priority_from)
        and (
            wide.value_to is None
            or (narrow.value_to is not None and narrow.value_to <= wide.value_to)
        )
    )


def _holds_all(wide: Set[object], narrow: Set[object]) -> bool:
    return not wide or bool(narrow and narrow <= wide)


def _is_from(wide: Decimal | int | None, narrow: Decimal | int | None) -> bool:
    return wide is None or (narrow is not None and narrow >= wide)
