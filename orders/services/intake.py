"""Taking orders in, from any source, in batches: a constant number of statements per call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

from django.db import transaction
from django.db.models import Sum

from inventory.services.claims import Claim, reserve_all
from oms.core import activity
from oms.core.activity import Entry
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.workflow import perform_all
from orders.assembly import Assembled, assemble
from orders.drafts import (
    ChargeDraft,
    LineDraft,
    LineProblem,
    OrderDraft,
    problems_of_facts,
    problems_of_shape,
    problems_of_sums,
)
from orders.events import OrderPlaced
from orders.exceptions import OrderRefused
from orders.models import Customer, Order, OrderLine, Payment
from orders.selectors.intake import known_orders, parties_of, products_of
from orders.services.holds import hold_for_payment
from orders.services.invoicing import invoice_payment
from orders.services.order_rows import (
    DEMAND_KIND,
    Written,
    claim_keys,
    claims_of,
    ranks,
    write_rows,
)
from orders.services.tags import write_tags

__all__ = [
    "ChargeDraft",
    "LineDraft",
    "OrderDraft",
    "TakenOrder",
    "create_orders",
    "place_orders",
    "take_orders",
]


@dataclass(frozen=True, slots=True)
class TakenOrder:
    """``is_new`` is False where the channel's external id was known already."""

    order_id: int
    number: str
    is_new: bool


def create_orders(drafts: Sequence[OrderDraft], *, actor: Actor) -> list[TakenOrder]:
    """Enter orders as drafts: numbered, with all lines open and nothing reserved.

    :raises OrderRefused: one of the drafts is not right; nothing was written.
    """
    return _take(drafts, placing=False, skip_refused=False, actor=actor)  # type: ignore[return-value]


@overload
def take_orders(
    drafts: Sequence[OrderDraft], *, actor: Actor, skip_refused: Literal[False] = False
) -> list[TakenOrder]: ...


@overload
def take_orders(
    drafts: Sequence[OrderDraft], *, actor: Actor, skip_refused: Literal[True]
) -> list[TakenOrder | OrderRefused]: ...


def take_orders(drafts: Sequence[OrderDraft], *, actor: Actor, skip_refused: bool = False) -> Any:
    """Enter and place orders in one go; a known (channel, external id) gives the existing order.

    With ``skip_refused`` the rest of the batch goes in, and the answer holds an ``OrderRefused`` in
    the place of each draft that is not right.

    :raises OrderRefused: one of the drafts is not right; nothing was written.
    """
    return _take(drafts, placing=True, skip_refused=skip_refused, actor=actor)


@transaction.atomic
def place_orders(order_ids: Sequence[int], *, actor: Actor) -> None:
    """Accept drafts: their units are reserved, and the orders go to be routed.

    :raises TransitionRefused: one of them is no draft; nothing was changed.
    :raises OrderRefused: a customer is not active any more; nothing was changed.
    """
    orders = Order.objects.lock_all(order_ids)
    _refuse_inactive_customers(orders)
    [now] = ranks(1)
    for order in orders:
        order.placed_at = now
    perform_all(orders, "place", actor=actor, update_fields=["placed_at"])
    keys = [order.pk for order in orders]
    captured = dict(
        Payment.objects.filter(order__in=keys).values_list("order").annotate(Sum("captured"))
    )
    prepaid = [
        order
        for order in orders
        if order.settlement == Customer.Settlement.PREPAID and order.total_amount > 0
    ]
    unpaid = [order.pk for order in prepaid if order.total_amount > captured.get(order.pk, 0)]
    held = hold_for_payment(unpaid, actor=actor) if unpaid else []
    publish(*[OrderPlaced(order_id=key) for key in keys], *held)
    lines = OrderLine.objects.filter(order__in=keys, open__gt=0).order_by("pk")
    reserve_all(
        [
            Claim(
                product_id=product,
                quantity=units,
                demand_kind=DEMAND_KIND,
                demand_id=key,
                rank_at=now,
            )
            for key, product, units in lines.values_list("pk", "product_id", "open")
        ],
        actor=actor,
    )
    for order in prepaid:
        if order.pk not in unpaid:
            invoice_payment(order_id=order.pk, cause=f"placed:{order.pk}", actor=actor)


def _refuse_inactive_customers(orders: Sequence[Order]) -> None:
    found = Customer.objects.filter(pk__in={order.customer_id for order in orders}, is_active=False)
    for name in found.order_by("pk").values_list("name", flat=True)[:1]:
        sentence = f"The customer {name} is not active."
        raise OrderRefused([LineProblem(None, "customer", sentence)])


@transaction.atomic
def _take(
    drafts: Sequence[OrderDraft], *, placing: bool, skip_refused: bool, actor: Actor
) -> list[TakenOrder | OrderRefused]:
    if not drafts:
        return []
    results: list[TakenOrder | OrderRefused | None] = [None] * len(drafts)
    refused = _check_shape(drafts)
    fine = [i for i in range(len(drafts)) if i not in refused]
    assembled = _check_and_assemble(drafts, fine, refused)
    _settle_refused(drafts, refused, results, skip_refused=skip_refused)

    keys = claim_keys([assembled[i] for i in assembled]) if assembled else []
    for i, key in zip(assembled, keys, strict=True):
        if key.is_new:
            results[i] = TakenOrder(key.order_id, key.number, is_new=True)
    new = [Written(assembled[i], key) for i, key in zip(assembled, keys, strict=True) if key.is_new]
    if new:
        _write(new, placing=placing, actor=actor)
    _fill_in_known(drafts, results, skip_refused=skip_refused)
    return [result for result in results if result is not None]


def _check_shape(drafts: Sequence[OrderDraft]) -> dict[int, OrderRefused]:
    return {
        i: OrderRefused(problems, draft_index=i)
        for i, draft in enumerate(drafts)
        if (problems := problems_of_shape(draft))
    }


def _check_and_assemble(
    drafts: Sequence[OrderDraft], fine: Sequence[int], refused: dict[int, OrderRefused]
) -> dict[int, Assembled]:
    checked = [drafts[i] for i in fine]
    parties = parties_of(checked) if checked else {}
    products = products_of(checked) if checked else {}
    assembled = {}
    for i in fine:
        draft = drafts[i]
        party = parties[draft.channel_id, draft.customer_id]
        if problems := problems_of_facts(draft, party, products):
            refused[i] = OrderRefused(problems, draft_index=i)
            continue
        order = assemble(draft, party, products)
        if problems := problems_of_sums(order.totals.total, order.units):
            refused[i] = OrderRefused(problems, draft_index=i)
        else:
            assembled[i] = order
    return assembled


def _settle_refused(
    drafts: Sequence[OrderDraft],
    refused: dict[int, OrderRefused],
    results: list[TakenOrder | OrderRefused | None],
    *,
    skip_refused: bool,
) -> None:
    """A repeated message of a known order is answered with the order, whatever has changed since."""
    if not refused:
        return
    keyed = [i for i in refused if drafts[i].external_id and _is_plain(drafts[i].external_id)]
    known = known_orders([(drafts[i].channel_id, drafts[i].external_id) for i in keyed])
    for i, refusal in sorted(refused.items()):
        order_id, number = known.get((drafts[i].channel_id, drafts[i].external_id), (None, ""))
        if order_id is not None:
            results[i] = TakenOrder(order_id, number, is_new=False)
        elif skip_refused:
            results[i] = refusal
        else:
            raise refusal


def _is_plain(text: str) -> bool:
    return text.isprintable()


def _fill_in_known(
    drafts: Sequence[OrderDraft],
    results: list[TakenOrder | OrderRefused | None],
    *,
    skip_refused: bool,
) -> None:
    missing = [i for i, result in enumerate(results) if result is None]
    if not missing:
        return
    known = known_orders([(drafts[i].channel_id, drafts[i].external_id) for i in missing])
    for i in missing:
        order_id, number = known[drafts[i].channel_id, drafts[i].external_id]
        if order_id is not None:
            results[i] = TakenOrder(order_id, number, is_new=False)
            continue
        sentence = f"The channel withdrew {drafts[i].external_id} before it came in."
        results[i] = refusal = OrderRefused(
            [LineProblem(None, "external_id", sentence)], draft_index=i
        )
        if not skip_refused:
            raise refusal


def _write(new: Sequence[Written], *, placing: bool, actor: Actor) -> None:
    placed_at = ranks(len(new)) if placing else []
    write_rows(new, placed_at=placed_at)
    if tagged := {each.keys.order_id: tags for each in new if (tags := each.order.draft.tags)}:
        write_tags(tagged)
    keys = [each.keys.order_id for each in new]
    if not placing:
        activity.record_all(
            [Entry("order", key, "created", new="draft") for key in keys], actor=actor
        )
        return
    activity.record_all(
        [Entry("order", key, "place", "draft", "placed") for key in keys], actor=actor
    )
    unpaid = [each.keys.order_id for each in new if _waits_for_payment(each.order)]
    held = hold_for_payment(unpaid, actor=actor) if unpaid else []
    publish(*[OrderPlaced(order_id=key) for key in keys], *held)
    reserve_all(claims_of(new, placed_at), actor=actor)


def _waits_for_payment(order: Assembled) -> bool:
    return order.settlement == Customer.Settlement.PREPAID and order.totals.total > 0
