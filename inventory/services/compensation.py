"""Books that do not agree are brought together by new movements; nothing that was booked is edited."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from inventory.events import StockArrived
from inventory.exceptions import StockRefusal
from inventory.models import Product
from inventory.selectors.differences import Difference, differences
from inventory.selectors.invariants import COMPENSATED
from inventory.services.settlement import Settlement, lock_levels, rebuild_levels_of, settle
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.findings import close_findings


@transaction.atomic
def compensate(*, product_id: int, actor: Actor) -> Sequence[Difference]:
    """Bring the books of a product together; give back what was different.

    A level that left its ledger is computed from it again. Where the ledger says something else
    than bins and allocations, a movement of kind "adjust" books the difference: people walk to the
    bins, so what lies there counts.

    :raises StockRefusal: more units are allocated or blocked than lie in the bins, or the books
        agree; nothing was changed.
    """
    sku = Product.objects.values_list("sku", flat=True).get(pk=product_id)
    lock_levels(product_id)
    found = differences(product_id)
    if not found:
        raise StockRefusal(f"The books of {sku} agree: there is nothing to compensate.")
    for each in found:
        if each.missing:
            raise StockRefusal(
                f"{each.warehouse} has {each.found.allocated} of {sku} allocated, but"
                f" {each.found.on_hand - each.found.blocked} lie in its bins for sale: take"
                f" {each.missing} allocated units back first."
            )
    rebuild_levels_of(product_id)
    settle([_settlement(product_id, each) for each in found if each.is_booked], actor=actor)
    _tell_arrivals(product_id, found)
    close_findings(COMPENSATED, "product", product_id, actor=actor)
    return found


def _settlement(product_id: int, each: Difference) -> Settlement:
    return Settlement(
        warehouse_id=each.warehouse_id,
        product_id=product_id,
        on_hand=each.booking.on_hand,
        allocated=each.booking.allocated,
        blocked=each.booking.blocked,
        reason="compensation",
        note=_note(each),
    )


def _note(each: Difference) -> str:
    said, found = each.ledger, each.found
    return (
        f"Ledger {said.on_hand}/{said.allocated}/{said.blocked},"
        f" found {found.on_hand}/{found.allocated}/{found.blocked} (on hand/allocated/blocked)."
    )


def _tell_arrivals(product_id: int, found: Sequence[Difference]) -> None:
    """Somebody may wait for units that the books know of again."""
    more = [each for each in found if each.found.available > each.level.available]
    if more:
        publish(*(StockArrived(each.warehouse_id, [product_id]) for each in more))
