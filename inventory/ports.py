"""Questions that inventory asks upward; apps above answer them in ``ready()``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


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
