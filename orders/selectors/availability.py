"""What a sales channel may sell: its share of what is free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date

from inventory.availability import available_to_channel as to_channel
from inventory.selectors.incoming import Incoming, incoming
from inventory.selectors.supply import OwnClaim, ProductSupply, supply_for
from orders.models import ChannelShare

ALL_OF_IT = 100

Shares = Mapping[tuple[int | None, int | None], int]


def channel_shares(channel_id: int, product_ids: Collection[int]) -> dict[int, Shares]:
    """By product, the channel's percentages: (product or None, warehouse or None) → percent."""
    rows = ChannelShare.objects.filter(channel=channel_id).values_list(
        "product_id", "warehouse_id", "percent"
    )
    found = {(product, warehouse): percent for product, warehouse, percent in rows}
    return {
        pk: {key: percent for key, percent in found.items() if key[0] in {pk, None}}
        for pk in product_ids
    }


def share_of(shares: Shares, product_id: int, warehouse_id: int) -> int:
    """The row that counts: one for the product before one for every product, a warehouse before all."""
    for product in (product_id, None):
        for warehouse in (warehouse_id, None):
            if (product, warehouse) in shares:
                return shares[product, warehouse]
    return ALL_OF_IT


def available_to_channel(
    product_ids: Collection[int],
    *,
    channel_id: int,
    at: date | None = None,
    claim: OwnClaim | None = None,
) -> dict[int, int]:
    """How many units of each product the channel may sell (by a day); never below 0. Four statements.

    Its share of what is free at every warehouse, but never more than may be promised to anybody.
    """
    wanted = sorted(set(product_ids))
    own = claim or OwnClaim()
    supply = supply_for(wanted, demand_ids=own.demand_ids, demand_kind=own.demand_kind)
    coming = incoming(wanted, at) if at else {}
    shares = channel_shares(channel_id, wanted)
    return {pk: _to_channel(supply.of(pk), coming.get(pk, []), shares[pk], own) for pk in wanted}


def _to_channel(
    product: ProductSupply, coming: Collection[Incoming], shares: Shares, own: OwnClaim
) -> int:
    units = Counter({pk: level.free for pk, level in product.levels.items()})
    for each in coming:
        units[each.warehouse_id] += each.quantity
    arriving = sum(each.quantity for each in coming)
    parts = [(n, share_of(shares, product.product_id, pk)) for pk, n in units.items()]
    return to_channel(parts, to_promise=product.to_promise(own.rank_at, incoming=arriving))
