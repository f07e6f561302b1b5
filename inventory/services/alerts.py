"""Telling people before stock runs out, and when it has: once per crossing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from inventory.events import LowStockReached, StockRanOut
from inventory.models import Product, ReorderRule, StockOut
from inventory.reordering import is_low
from inventory.selectors.positions import Position, positions, products_out_of_stock
from oms.core import bulk, cases
from oms.core.actors import Actor
from oms.core.events import publish

LOW_STOCK = "low_stock"
OUT_OF_STOCK = "out_of_stock"


@dataclass(frozen=True, slots=True)
class Watched:
    """What a look at the stock found: rules that became low and rules that recovered, and products
    that ran out and that are back.
    """

    low: int = 0
    recovered: int = 0
    out: int = 0
    back: int = 0


@transaction.atomic
def watch_stock(*, actor: Actor, product_ids: Collection[int] | None = None) -> Watched:
    """Compare the stock of these products (None: of all) with their reorder points.

    A rule whose position fell to its point is low from now on: a case is opened and an event
    published, once, however many look at the same time. Above the point it is armed again and the
    case closes. The same for products of which nothing is available anywhere.
    """
    low, recovered = _watch_points(product_ids, actor)
    out, back = _watch_outs(product_ids, actor)
    return Watched(low, recovered, out, back)


def _watch_points(product_ids: Collection[int] | None, actor: Actor) -> tuple[int, int]:
    now = positions(product_ids)
    marked = ReorderRule.objects.low()
    if product_ids is not None:
        marked = marked.filter(product__in=product_ids)
    turned = {pk for pk, each in now.items() if is_low(each.position, each.point)}
    # Rows are locked in key order and read again: who comes second finds the mark of the first.
    watched = turned | set(marked.values_list("pk", flat=True))
    rules = ReorderRule.objects.select_related("product", "warehouse").lock_all(watched)
    fallen = [rule for rule in rules if rule.pk in turned and rule.low_since is None]
    risen = [rule for rule in rules if rule.pk not in turned and rule.low_since is not None]
    _mark(fallen, low=True)
    _mark(risen, low=False)
    cases.open_cases([_low_case(rule, now[rule.pk]) for rule in fallen])
    cases.close_cases([_low_key(rule.pk) for rule in risen], actor=actor)
    if fallen:
        publish(*(LowStockReached(rule.pk) for rule in fallen))
    return len(fallen), len(risen)


def _mark(rules: Iterable[ReorderRule], *, low: bool) -> None:
    if keys := [rule.pk for rule in rules]:
        ReorderRule.objects.filter(pk__in=keys).update(low_since=Now() if low else None)


def _low_key(rule_id: int) -> str:
    return f"{LOW_STOCK}:{rule_id}"


def _low_case(rule: ReorderRule, now: Position) -> cases.Cause:
    facts = {
        "sku": rule.product.sku,
        "place": rule.warehouse.code,
        "position": now.position,
        "point": rule.point,
    }
    sentence = _(
        "%(sku)s at %(place)s: %(position)d to promise with all that arrives, reorder point %(point)d."
    )
    return cases.Cause(
        kind=LOW_STOCK,
        dedupe_key=_low_key(rule.pk),
        sentence=sentence % facts,
        proposed_fix="reorder",
        document_kind="product",
        document_id=rule.product_id,
    )


def _watch_outs(product_ids: Collection[int] | None, actor: Actor) -> tuple[int, int]:
    out = set(products_out_of_stock(product_ids))
    open_rows = StockOut.objects.filter(until=None)
    if product_ids is not None:
        open_rows = open_rows.filter(product__in=product_ids)
    held = list(open_rows.order_by("pk").select_for_update(no_key=True))
    back = [row for row in held if row.product_id not in out]
    known = {row.product_id for row in held}
    fresh = bulk.insert(
        StockOut,
        ["product"],
        [(key,) for key in sorted(out - known)],
        returning=["id", "product"],
        on_conflict_do_nothing=True,
    )
    StockOut.objects.filter(pk__in=[row.pk for row in back]).update(until=Now())
    skus = dict(Product.objects.filter(pk__in=out).values_list("pk", "sku"))
    cases.open_cases([_out_case(product_id, skus[product_id]) for _pk, product_id in fresh])
    cases.close_cases([_out_key(row.product_id) for row in back], actor=actor)
    if fresh:
        publish(*(StockRanOut(pk, product_id) for pk, product_id in fresh))
    return len(fresh), len(back)


def _out_key(product_id: int) -> str:
    return f"{OUT_OF_STOCK}:{product_id}"


def _out_case(product_id: int, sku: str) -> cases.Cause:
    return cases.Cause(
        kind=OUT_OF_STOCK,
        dedupe_key=_out_key(product_id),
        sentence=_("%s is out of stock: no warehouse has a unit available.") % sku,
        document_kind="product",
        document_id=product_id,
    )
