"""Hard promises for carts and quotes: what is reserved here is there, whoever else asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from inventory.exceptions import NotPromisable, PromiseExpired, Unavailable
from inventory.models import Product, Reservation
from inventory.selectors.supply import OwnClaim, available_to_promise
from inventory.services.claims import Claim, reserve_all
from oms.core.actors import Actor

CART_LINE, QUOTE_LINE = "cart_line", "quote_line"
_KINDS = {
    CART_LINE: Reservation.Kind.CART.value,
    QUOTE_LINE: Reservation.Kind.QUOTE.value,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """Units of a product for a line of a cart or quote, which the caller's ``line_id`` names."""

    line_id: int
    product_id: int
    quantity: int


@transaction.atomic
def reserve_cart(
    lines: Sequence[CartLine],
    *,
    expires_at: datetime,
    demand_kind: str = CART_LINE,
    actor: Actor,
) -> None:
    """Reserve all lines of a cart (or quote) until a moment, in place of what they reserved before.

    Nobody else gets these units meanwhile: askers for the same products come one after the other, by
    locks that are taken last, in the order of the products, and given back at commit. Call it at the
    end of a transaction. Orders that are taken meanwhile are never refused; they rank behind.

    :raises NotPromisable: fewer can be promised; says which and how many. Nothing was changed.
    :raises PromiseExpired: the moment has passed already.
    """
    if expires_at <= timezone.now():
        raise PromiseExpired("The time until which the goods should be kept has passed.")
    own = OwnClaim(demand_ids=[line.line_id for line in lines], demand_kind=demand_kind)
    wanted = Counter[int]()
    for line in lines:
        wanted[line.product_id] += line.quantity
    _one_at_a_time(wanted)
    free = available_to_promise(wanted, claim=own)
    _refuse_short({pk: (n, max(0, free[pk])) for pk, n in wanted.items() if n > free[pk]})
    release_cart(own.demand_ids, demand_kind=demand_kind, actor=actor)
    reserve_all([_claim(line, demand_kind, expires_at) for line in lines], actor=actor)


def release_cart(
    line_ids: Collection[int],
    *,
    demand_kind: str = CART_LINE,
    actor: Actor,  # noqa: ARG001 - every service says who acts
) -> int:
    """Give back what lines of a cart or quote reserved: it was emptied, or became an order."""
    found = Reservation.objects.filter(
        demand_kind=demand_kind, demand_id__in=line_ids, kind=_KINDS[demand_kind]
    )
    return found.delete()[0]


def _claim(line: CartLine, demand_kind: str, expires_at: datetime) -> Claim:
    return Claim(
        product_id=line.product_id,
        quantity=line.quantity,
        demand_kind=demand_kind,
        demand_id=line.line_id,
        kind=_KINDS[demand_kind],
        expires_at=expires_at,
    )


def _one_at_a_time(product_ids: Collection[int]) -> None:
    """A lock per product until the end of the transaction, in key order: nobody waits in a circle."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('inventory.cart:' || product, 0))"
            " FROM (SELECT product FROM unnest(%s::bigint[]) AS product"
            " ORDER BY hashtextextended('inventory.cart:' || product, 0)) AS sorted",
            [sorted(product_ids)],
        )


def _refuse_short(short: dict[int, tuple[int, int]]) -> None:
    if not short:
        return
    skus = dict(Product.objects.filter(pk__in=short).values_list("pk", "sku"))
    missing = [Unavailable(pk, skus.get(pk, "?"), *short[pk]) for pk in sorted(short)]
    said = [
        f"{each.sku}: {each.wanted} are wanted, {each.available} can be promised."
        for each in missing[:3]
    ]
    raise NotPromisable(" ".join(said), missing)
