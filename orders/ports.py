"""Where apps above take part in what orders decides and shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.http import HttpRequest
from django.utils.functional import Promise

from orders.models import Order


class CancelGuard(Protocol):
    """Says why units of these lines cannot be canceled now, or None.

    Asked inside the canceling transaction, with the order and its lines locked.
    """

    def __call__(self, *, order_id: int, line_ids: Sequence[int]) -> str | None: ...


@dataclass(frozen=True, slots=True)
class OrderAction:
    """A button that an app above offers on the order page; ``reason`` says why it is gray.

    ``url`` is posted to, unless it ``is_link``.
    """

    name: str
    label: str | Promise
    url: str
    reason: str | None = None
    is_primary: bool = False
    weight: int = 100
    icon: str = "right"
    is_link: bool = False


class OrderActions(Protocol):
    """The actions that an app has for an order and this person."""

    def __call__(self, request: HttpRequest, order: Order) -> Sequence[OrderAction]: ...


class PickedUnits(Protocol):
    """How many units of these lines are picked and still in the house, by line."""

    def __call__(self, line_ids: Sequence[int]) -> Mapping[int, int]: ...


_cancel_guards: dict[str, CancelGuard] = {}
_actions: dict[str, OrderActions] = {}
_picked: dict[str, PickedUnits] = {}


def register_cancel_guard(name: str, guard: CancelGuard) -> None:
    """Let an app veto cancellations; call it in ``ready()``."""
    _cancel_guards[name] = guard


def register_order_actions(name: str, actions: OrderActions) -> None:
    """Let an app offer actions on the order page; call it in ``ready()``."""
    _actions[name] = actions


def register_picked_units(name: str, count: PickedUnits) -> None:
    """Let an app say what is picked; call it in ``ready()``."""
    _picked[name] = count


def picked_units(line_ids: Sequence[int]) -> dict[int, int]:
    """The picked units of lines, from the apps above."""
    total: Counter[int] = Counter()
    for count in _picked.values():
        total.update(count(line_ids))
    return dict(total)


def cancel_veto(*, order_id: int, line_ids: Sequence[int]) -> str | None:
    """The first reason against canceling, from the apps above."""
    for guard in _cancel_guards.values():
        if reason := guard(order_id=order_id, line_ids=line_ids):
            return reason
    return None


def order_actions(request: HttpRequest, order: Order) -> list[OrderAction]:
    """The actions of all apps above, in their order."""
    found = [action for offer in _actions.values() for action in offer(request, order)]
    return sorted(found, key=lambda action: (action.weight, action.name))
