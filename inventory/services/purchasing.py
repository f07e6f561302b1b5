"""Purchase orders while they are drafts: made, filled and changed at a supplier's conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from inventory.exceptions import PurchaseRefused
from inventory.models import (
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Supplier,
    SupplierProduct,
    Warehouse,
)
from inventory.reordering import purchasable
from oms.core import activity
from oms.core.actors import Actor


@dataclass(frozen=True, slots=True)
class WantedLine:
    """Base units to buy; 0 takes the line off. Without a price the supplier's is taken."""

    product_id: int
    quantity: int
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft as it stands, and a sentence for each quantity that was rounded up."""

    order: PurchaseOrder
    sentences: list[str]


@transaction.atomic
def create_purchase_order(
    *,
    supplier_id: int,
    warehouse_id: int,
    actor: Actor,
    lines: Sequence[WantedLine] = (),
    expected_date: date | None = None,
    note: str = "",
    origin: str = PurchaseOrder.Origin.HAND,
) -> Drafted:
    """Begin a draft in the supplier's currency.

    :raises PurchaseRefused: supplier or warehouse is closed, or a line cannot be bought.
    """
    supplier = Supplier.objects.active().filter(pk=supplier_id).first()
    warehouse = Warehouse.objects.active().filter(pk=warehouse_id).first()
    if supplier is None or warehouse is None:
        raise PurchaseRefused(_("Choose a supplier and a warehouse that are active."))
    order = PurchaseOrder.objects.create(
        supplier=supplier,
        warehouse=warehouse,
        currency=supplier.currency,
        expected_date=expected_date,
        note=note,
        origin=origin,
        created_by_id=actor.user_id,
    )
    activity.record(order, "created", actor=actor, note=str(PurchaseOrder.Origin(origin).label))
    return Drafted(order, _set_lines(order, lines, actor) if lines else [])


@transaction.atomic
def change_lines(*, order_id: int, lines: Sequence[WantedLine], actor: Actor) -> Drafted:
    """Add, change and remove lines of a draft; products that are not named stay as they are.

    :raises PurchaseRefused: it is no draft any more, or a line cannot be bought.
    """
    order = lock_draft(order_id)
    return Drafted(order, _set_lines(order, lines, actor))


@transaction.atomic
def add_units(*, order_id: int, lines: Sequence[WantedLine], actor: Actor) -> Drafted:
    """Buy so many units more on a draft than stand on it.

    :raises PurchaseRefused: it is no draft any more, or a line cannot be bought.
    """
    order = lock_draft(order_id)
    there = dict(order.lines.values_list("product_id", "quantity"))
    more = [
        WantedLine(each.product_id, each.quantity + there.get(each.product_id, 0), each.price)
        for each in lines
    ]
    return Drafted(order, _set_lines(order, more, actor))


@transaction.atomic
def change_head(
    *,
    order_id: int,
    actor: Actor,
    note: str,
    supplier_reference: str,
) -> PurchaseOrder:
    """Keep the supplier's reference and a note; both may change as long as goods are to come.

    :raises PurchaseRefused: nothing of it is to come any more.
    """
    order = lock_order(order_id)
    if order.status not in {PurchaseOrder.Status.DRAFT, *PurchaseOrder.ARRIVING}:
        raise PurchaseRefused(_("Nothing of %s is to come any more.") % order)
    order.note, order.supplier_reference = note, supplier_reference
    order.save(update_fields=["note", "supplier_reference"])
    activity.record(order, "changed", actor=actor, note=supplier_reference)
    return order


def lock_order(order_id: int) -> PurchaseOrder:
    """The order, locked.

    :raises PurchaseRefused: there is none.
    """
    try:
        return PurchaseOrder.objects.select_related("supplier", "warehouse").lock(order_id)
    except PurchaseOrder.DoesNotExist:
        raise PurchaseRefused(_("There is no such purchase order.")) from None


def lock_draft(order_id: int) -> PurchaseOrder:
    """The draft, locked.

    :raises PurchaseRefused: there is none, or it was sent already.
    """
    order = lock_order(order_id)
    if order.status != PurchaseOrder.Status.DRAFT:
        sentence = _("%s was sent already: change its dates, or cancel what is not wanted.")
        raise PurchaseRefused(sentence % order)
    return order


def _set_lines(order: PurchaseOrder, lines: Sequence[WantedLine], actor: Actor) -> list[str]:
    keys = [line.product_id for line in lines]
    if len(keys) > len(set(keys)):
        raise PurchaseRefused(_("A product is named twice: enter each of them once."))
    products = Product.objects.in_bulk(keys)
    terms = {
        each.product_id: each
        for each in SupplierProduct.objects.filter(
            supplier=order.supplier_id, product__in=keys, is_active=True
        )
    }
    known = {line.product_id: line for line in order.lines.select_for_update(no_key=True)}
    position = max((line.position for line in known.values()), default=0)
    written, sentences = [], []
    for wanted in lines:
        if wanted.quantity <= 0:
            continue
        product = products.get(wanted.product_id)
        line, sentence = _line(order, product, wanted, terms.get(wanted.product_id))
        known_line = known.get(wanted.product_id)
        position += known_line is None
        line.position = known_line.position if known_line else position
        written.append(line)
        sentences += [sentence] if sentence else []
    _write(order, written, [line.product_id for line in lines if line.quantity <= 0])
    _record(order, lines, products, actor)
    return sentences


def _line(
    order: PurchaseOrder, product: Product | None, wanted: WantedLine, terms: SupplierProduct | None
) -> tuple[PurchaseOrderLine, str]:
    if product is None or product.is_kit or not product.is_active:
        sentence = _("%s cannot be bought: kits and closed products are not ordered.")
        raise PurchaseRefused(sentence % (product or wanted.product_id))
    price = wanted.price if wanted.price is not None or terms is None else terms.price
    if price is None:
        sentence = _("%(supplier)s has no price for %(sku)s: enter one, or add it to its products.")
        raise PurchaseRefused(sentence % {"supplier": order.supplier, "sku": product})
    least, pack = (terms.min_quantity, terms.pack_quantity) if terms else (1, 1)
    quantity = purchasable(wanted.quantity, min_quantity=least, pack_quantity=pack)
    line = PurchaseOrderLine(
        purchase_order=order,
        product=product,
        quantity=quantity,
        part_number=terms.part_number if terms else "",
        price=price,
    )
    return line, _rounded(product, wanted.quantity, quantity, least, pack)


def _rounded(product: Product, wanted: int, quantity: int, least: int, pack: int) -> str:
    """The sentence that says why a quantity grew; nothing for one that did not."""
    if quantity == wanted:
        return ""
    why = _("minimum %d") % least if wanted < least else ""
    packs = _("packs of %d") % pack if pack > 1 else ""
    facts = {
        "sku": product.sku,
        "wanted": wanted,
        "quantity": quantity,
        "why": ", ".join(part for part in (why, packs) if part),
    }
    return _("%(sku)s: %(wanted)d rounded up to %(quantity)d (%(why)s).") % facts


def _write(order: PurchaseOrder, lines: list[PurchaseOrderLine], removed: list[int]) -> None:
    if removed:
        order.lines.filter(product__in=removed).delete()
    PurchaseOrderLine.objects.bulk_create(
        lines,
        update_conflicts=True,
        unique_fields=["purchase_order", "product"],
        update_fields=["quantity", "part_number", "price"],
    )


def _record(
    order: PurchaseOrder, lines: Sequence[WantedLine], products: dict[int, Product], actor: Actor
) -> None:
    named = [f"{line.quantity} × {products[line.product_id]}" for line in lines[:5]
             if line.product_id in products]  # fmt: skip
    more = _("and %d more") % (len(lines) - 5) if len(lines) > 5 else ""
    note = ", ".join([*named, *([more] if more else [])])
    activity.record(order, "lines changed", actor=actor, note=note)
