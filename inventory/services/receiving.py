"""Goods in against a purchase order: in parts, with differences and reasons; and undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.exceptions import ReceiptRefused, StockRefusal
from inventory.models import (
    MovementKind,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    ReceiptLine,
    StockMovement,
)
from inventory.services.goods import Adjustment, adjust, receive
from inventory.services.purchase_progress import announce_incoming, close_if_done
from inventory.services.purchasing import lock_order
from inventory.services.receipts import (
    Arrived,
    booking_keys,
    check_units,
    goods_of,
    keep_lines,
)
from oms.core import activity
from oms.core.actors import Actor
from oms.core.workflow import perform

UNDONE = "receipt undone"


@transaction.atomic
def receive_purchase(
    *, order_id: int, lines: Sequence[Arrived], actor: Actor, delivery_note: str = ""
) -> Receipt:
    """Book what came of a purchase order. What did not come stays outstanding, unless its line closes.

    More than outstanding is taken up to the supplier's tolerance. Damaged units go to quarantine.

    :raises ReceiptRefused: nothing came, too much came, or a difference has no reason.
    :raises StockRefusal: a bin, lot or serial number is wrong; nothing was changed.
    """
    order = lock_order(order_id)
    if order.status not in PurchaseOrder.ARRIVING:
        raise ReceiptRefused(_("%s is not on its way: nothing of it can be received.") % order)
    ordered = _lines_of(order)
    came = [each for each in lines if not each.is_empty]
    if not came:
        raise ReceiptRefused(_("Nothing was entered: say what came, or what is not coming."))
    if any(each.line_id not in ordered for each in came):
        raise ReceiptRefused(_("A line is not one of %s: load the page again.") % order)
    arrived = [(ordered[each.line_id].product, each) for each in came]
    for product, each in arrived:
        check_units(product, each)
    not_coming = _count(order, ordered, came)
    receipt = Receipt.objects.create(
        warehouse=order.warehouse,
        purchase_order=order,
        delivery_note=delivery_note,
        actor_label=actor.label,
    )
    kept = keep_lines(receipt, arrived, column="purchase_line", not_coming=not_coming)
    PurchaseOrderLine.objects.bulk_update(ordered.values(), ["received", "canceled"])
    _move(order, receipt, list(ordered.values()), actor)
    announce_incoming(order, sorted({each.line_id for each in came}))
    receive(goods_of(receipt, kept), actor=actor)
    return receipt


@transaction.atomic
def undo_receipt(*, receipt_id: int, actor: Actor) -> Receipt:
    """Take a receipt back that was booked by mistake, as long as its goods lie where it put them.

    :raises ReceiptRefused: it was undone, its order is canceled, or the goods are gone or allocated.
    """
    receipt = Receipt.objects.filter(pk=receipt_id, purchase_order__isnull=False).first()
    if receipt is None:
        raise ReceiptRefused(_("There is no such receipt of a purchase order."))
    order = lock_order(receipt.purchase_order_id or 0)
    if not Receipt.objects.filter(pk=receipt_id, undone_at=None).update(
        undone_at=timezone.now(), undone_by=actor.label
    ):
        raise ReceiptRefused(_("%s was undone already.") % receipt)
    if order.status == PurchaseOrder.Status.CANCELED:
        raise ReceiptRefused(_("%s is canceled: order the goods anew instead.") % order)
    lines = list(receipt.lines.select_related("lot"))
    ordered = _lines_of(order)
    for line in lines:
        ordered[line.purchase_line_id or 0].received -= line.quantity
        ordered[line.purchase_line_id or 0].canceled -= line.not_coming
    PurchaseOrderLine.objects.bulk_update(ordered.values(), ["received", "canceled"])
    _take_back(order, receipt, list(ordered.values()), actor)
    announce_incoming(order, sorted({line.purchase_line_id or 0 for line in lines}))
    _unbook(receipt, lines, actor)
    return Receipt.objects.get(pk=receipt_id)


def most_to_take(order: PurchaseOrder, line: PurchaseOrderLine) -> int:
    """How many units of a line may still come: what is outstanding and the supplier's tolerance."""
    tolerance = line.quantity * order.supplier.over_receipt_percent // 100
    return max(0, line.quantity - line.canceled + tolerance - line.received)


def _lines_of(order: PurchaseOrder) -> dict[int, PurchaseOrderLine]:
    lines = order.lines.select_related("product").order_by("pk")
    return {line.pk: line for line in lines.select_for_update(of=("self",), no_key=True)}


def _count(
    order: PurchaseOrder, ordered: dict[int, PurchaseOrderLine], came: Sequence[Arrived]
) -> dict[int, int]:
    """Raise the counters of the lines; what is not coming by line."""
    units: Counter[int] = Counter()
    for each in came:
        units[each.line_id] += each.quantity
    closing = {each.line_id for each in came if each.closes}
    explained = {each.line_id for each in came if each.difference.strip()}
    for line_id, quantity in units.items():
        line = ordered[line_id]
        _check_quantity(order, line, quantity)
        differs = quantity > line.outstanding or (
            line_id in closing and quantity < line.outstanding
        )
        if differs and line_id not in explained:
            sentence = _("%s: say why the delivery differs from the order.")
            raise ReceiptRefused(sentence % line.product.sku)
        line.received += quantity
    not_coming = {key: ordered[key].outstanding for key in closing if ordered[key].outstanding}
    for line_id, rest in not_coming.items():
        ordered[line_id].canceled += rest
    return not_coming


def _check_quantity(order: PurchaseOrder, line: PurchaseOrderLine, quantity: int) -> None:
    most = most_to_take(order, line)
    if quantity <= most:
        return
    facts = {
        "sku": line.product.sku,
        "came": quantity,
        "most": most,
        "outstanding": line.outstanding,
        "percent": order.supplier.over_receipt_percent,
        "supplier": order.supplier,
    }
    sentence = _(
        "%(sku)s: %(came)d came, at most %(most)d can be taken: %(outstanding)d are outstanding and"
        " %(supplier)s may deliver %(percent)d%% more than ordered."
    )
    raise ReceiptRefused(sentence % facts)


def _move(
    order: PurchaseOrder, receipt: Receipt, lines: list[PurchaseOrderLine], actor: Actor
) -> None:
    if close_if_done(order, lines, actor=actor, note=receipt.number):
        return
    if any(line.received for line in lines):
        perform(order, "receive_part", actor=actor, note=receipt.number)
    else:
        activity.record(order, "units given up", actor=actor, note=receipt.number)


def _take_back(
    order: PurchaseOrder, receipt: Receipt, lines: list[PurchaseOrderLine], actor: Actor
) -> None:
    note = _("%s undone") % receipt
    if order.status == PurchaseOrder.Status.SENT:
        activity.record(order, "receipt undone", actor=actor, note=note)
        return
    transition = "take_back_part" if any(line.received for line in lines) else "take_back_all"
    order.closed_at = None
    perform(order, transition, actor=actor, note=note, update_fields=["closed_at"])


def _unbook(receipt: Receipt, lines: Sequence[ReceiptLine], actor: Actor) -> None:
    keys = [key for line in lines for key in booking_keys(line)]
    booked = StockMovement.objects.filter(idem_key__in=keys, kind=MovementKind.RECEIVE)
    back = [
        Adjustment(
            warehouse_id=each.warehouse_id, product_id=each.product_id,
            bin_id=each.bin_to_id or 0, delta=-each.quantity, reason=UNDONE,
            idem_key=f"undo:{each.idem_key}", document=receipt.number, lot_id=each.lot_id,
            serial=each.serial,
        )
        for each in booked.order_by("pk")
    ]  # fmt: skip
    try:
        adjust(back, actor=actor)
    except StockRefusal as error:
        facts = {"receipt": receipt, "why": error}
        sentence = _("%(receipt)s cannot be undone, its goods are moved or promised: %(why)s")
        raise ReceiptRefused(sentence % facts) from error
