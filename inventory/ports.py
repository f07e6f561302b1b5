"""Questions that inventory asks upward; apps above answer them in ``ready()``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

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
    def __call__(self, *, warehouse_id: int, product_id: int, units: int, actor: Actor) -> int:
        """Take back the allocations of so many units at a level; gives back how many it freed."""


_shortage_resolvers: list[ShortageResolver] = []


def register_shortage_resolver(resolver: ShortageResolver) -> None:
    """Say who can take allocations back when fewer units are there than are allocated.

    It is called in the transaction of the correction, before any stock level is locked.
    """
    if resolver not in _shortage_resolvers:
        _shortage_resolvers.append(resolver)


def can_take_back() -> bool:
    """Whether anybody offers to take allocations back."""
    return bool(_shortage_resolvers)


def take_allocations_back(*, warehouse_id: int, product_id: int, units: int, actor: Actor) -> int:
    """Ask for allocations back, one resolver after the other; gives back how many units were freed."""
    freed = 0
    for resolve in _shortage_resolvers:
        if freed < units:
            freed += resolve(
                warehouse_id=warehouse_id,
                product_id=product_id,
                units=units - freed,
                actor=actor,
            )
    return freed


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
