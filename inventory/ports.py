"""Questions that inventory asks upward; apps above answer them in ``ready()``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.core.exceptions import ImproperlyConfigured

from oms.core.actors import Actor


@dataclass(frozen=True, slots=True)
class DemandLink:
    """How a demand is called and where its page is."""

    label: str
    url: str = ""


class DemandResolver(Protocol):
    def __call__(self, ids: Sequence[int], /) -> Mapping[int, DemandLink]:
        """Links for demands of one kind; ids that it does not know are left out."""


_resolvers: dict[str, DemandResolver] = {}


def register_demand_resolver(kind: str, resolver: DemandResolver) -> None:
    """Say who can name demands of a kind (``order_line`` ...)."""
    _resolvers[kind] = resolver


def resolve_demands(demands: Iterable[tuple[str, int]]) -> dict[tuple[str, int], DemandLink]:
    """A link for every (kind, id); one call per kind. Without a resolver the pair is its own label."""
    ids: dict[str, set[int]] = defaultdict(set)
    for kind, demand_id in demands:
        ids[kind].add(demand_id)
    links: dict[tuple[str, int], DemandLink] = {}
    for kind, wanted in ids.items():
        found = _resolvers[kind](sorted(wanted)) if kind in _resolvers else {}
        for demand_id in wanted:
            fallback = DemandLink(f"{kind.replace('_', ' ')} {demand_id}".strip())
            links[kind, demand_id] = found.get(demand_id, fallback)
    return links


class ShortageResolver(Protocol):
    def __call__(
        self,
        *,
        warehouse_id: int,
        shortages: Mapping[int, int],
        booked_next: Collection[int],
        actor: Actor,
    ) -> Mapping[int, int]:
        """Take back the allocations of so many units by product at a warehouse; gives back how many
        it freed of each.

        It locks its documents first and books stock once, last; with its own levels it holds those
        of the products that the caller books next, so that all are locked in one order.
        """


_shortage_resolvers: list[ShortageResolver] = []


def register_shortage_resolver(resolver: ShortageResolver) -> None:
    """Say who can take allocations back when fewer units are there than are allocated.

    It is called once in the transaction of the corrections, before any stock level is locked. There
    is one: a second one would lock its documents behind the levels of the first.

    :raises ImproperlyConfigured: somebody else is registered already.
    """
    if _shortage_resolvers and resolver not in _shortage_resolvers:
        raise ImproperlyConfigured("Allocations are taken back by one resolver.")
    _shortage_resolvers[:] = [resolver]


def can_take_back() -> bool:
    """Whether anybody offers to take allocations back."""
    return bool(_shortage_resolvers)


def take_allocations_back(
    *,
    warehouse_id: int,
    shortages: Mapping[int, int],
    booked_next: Collection[int] = (),
    actor: Actor,
) -> dict[int, int]:
    """Ask for so many allocated units by product at a warehouse; gives back how many were freed of
    each. Ask once for all products of a transaction, and name those whose levels it books after that.
    """
    freed: Mapping[int, int] = {}
    if shortages and _shortage_resolvers:
        freed = _shortage_resolvers[0](
            warehouse_id=warehouse_id, shortages=shortages, booked_next=booked_next, actor=actor
        )
    return {product_id: freed.get(product_id, 0) for product_id in shortages}


Content = tuple[int, int, int | None, str | None]


class PromisedContents(Protocol):
    def __call__(
        self, warehouse_ids: Collection[int], product_ids: Collection[int], /
    ) -> Mapping[Content, int]:
        """Units by (bin, product, lot, serial number) that somebody is on the way to take."""


_promised: list[PromisedContents] = []


def register_promised_contents(find: PromisedContents) -> None:
    """Say who sends people to bins: what they are to take is left to them."""
    if find not in _promised:
        _promised.append(find)


def promised_contents(
    warehouse_ids: Collection[int], product_ids: Collection[int]
) -> dict[Content, int]:
    """What others are on the way to take out of the bins."""
    found: dict[Content, int] = defaultdict(int)
    for find in _promised:
        for content, units in find(warehouse_ids, product_ids).items():
            found[content] += units
    return found
