"""The page of a purchase order, of a receipt and of receiving, as plain data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import Bin, BinContent, PurchaseOrder, PurchaseOrderLine, Receipt, ReceiptLine
from inventory.selectors.history import Entry, history_of
from inventory.selectors.purchase_list import purchase_orders_for
from oms.core.models import Message, Paper
from oms.core.money import line_amount

DOCUMENT = "purchaseorder"


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line with its amount; ``expected`` is its own day or the order's."""

    line: PurchaseOrderLine
    amount: Decimal
    expected: date | None


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    receipt: Receipt
    units: int
    damaged: int


@dataclass(frozen=True, slots=True)
class PurchasePage:
    order: PurchaseOrder
    sentence: str
    lines: list[LineRow]
    receipts: list[ReceiptRow]
    papers: list[Paper]
    messages: list[Message]
    timeline: list[Entry]

    @property
    def amount(self) -> Decimal:
        return sum((row.amount for row in self.lines), Decimal(0))

    @property
    def missing_amount(self) -> Decimal:
        """How much more the supplier wants a draft to be worth."""
        return max(Decimal(0), self.order.supplier.min_order_amount - self.amount)

    @property
    def outstanding(self) -> list[PurchaseOrderLine]:
        return [row.line for row in self.lines if row.line.outstanding]

    @property
    def is_draft(self) -> bool:
        return bool(self.order.status == PurchaseOrder.Status.DRAFT)

    @property
    def is_arriving(self) -> bool:
        return bool(self.order.status in PurchaseOrder.ARRIVING)

    @property
    def is_late(self) -> bool:
        expected = self.order.expected_date
        return bool(self.is_arriving and expected and expected < timezone.localdate())


def purchase_page(user: Any, number: str) -> PurchasePage:
    """What the page of an order shows, with a constant number of statements.

    :raises PurchaseOrder.DoesNotExist: there is none, or it is not this person's to see.
    """
    related = ("supplier", "warehouse", "created_by")
    order = purchase_orders_for(user).select_related(*related).get(number=number)
    lines = list(order.lines.select_related("product").order_by("position"))
    receipts = _receipts(order)
    own = {"document_kind": DOCUMENT, "document_id": order.pk}
    documents = [(DOCUMENT, order.pk)]
    return PurchasePage(
        order=order,
        sentence=_sentence(order, lines),
        lines=[_row(order, line) for line in lines],
        receipts=receipts,
        papers=list(Paper.objects.filter(**own).order_by("-id")),
        messages=list(Message.objects.filter(**own).order_by("-id")),
        timeline=history_of(documents),
    )


def _row(order: PurchaseOrder, line: PurchaseOrderLine) -> LineRow:
    amount = line_amount(line.price, line.quantity, order.currency)
    return LineRow(line, amount, line.expected_date or order.expected_date)


def _receipts(order: PurchaseOrder) -> list[ReceiptRow]:
    rows = order.receipts.annotate(units=Sum("lines__quantity"), bad=Sum("lines__damaged"))
    return [ReceiptRow(each, each.units or 0, each.bad or 0) for each in rows.order_by("-id")]


def _sentence(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> str:
    """The state of the order as one sentence."""
    facts = {
        "units": sum(line.quantity for line in lines),
        "received": sum(line.received for line in lines),
        "rest": sum(line.outstanding for line in lines),
        "supplier": order.supplier.title,
        "place": order.warehouse.code,
        "date": order.expected_date or _("a day nobody named"),
    }
    status = PurchaseOrder.Status
    sentences = {
        status.DRAFT: _("Nobody has ordered it yet: %(supplier)s does not know of it."),
        status.SENT: _("%(units)d units from %(supplier)s come to %(place)s, expected %(date)s."),
        status.PARTLY_RECEIVED: _(
            "%(received)d units are here, %(rest)d more from %(supplier)s are expected %(date)s."
        ),
        status.RECEIVED: _("%(received)d units came from %(supplier)s; no more is expected."),
        status.CANCELED: _("Canceled: nothing of it comes."),
    }
    return str(sentences[status(order.status)] % facts)


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    receipt: Receipt
    sentence: str
    lines: list[ReceiptLine]
    is_undone: bool


def receipt_page(user: Any, number: str) -> ReceiptPage:
    """A receipt of a purchase order with its lines; two statements.

    :raises Receipt.DoesNotExist: there is none, or it is not this person's to see.
    """
    rows = Receipt.objects.filter(purchase_order__in=purchase_orders_for(user))
    related = ("purchase_order__supplier", "warehouse")
    receipt = rows.select_related(*related).get(number=number)
    lines = list(receipt.lines.select_related("product", "bin", "lot").order_by("pk"))
    units = sum(line.quantity for line in lines)
    facts = {
        "units": ngettext("%d unit", "%d units", units) % units,
        "place": receipt.warehouse.code,
        "order": receipt.purchase_order,
    }
    sentence = _("%(units)s of %(order)s came in at %(place)s.") % facts
    if receipt.undone_at:
        sentence = _("Undone by %s: nothing of it is in stock any more.") % receipt.undone_by
    return ReceiptPage(receipt, sentence, lines, receipt.undone_at is not None)


def put_away_bins(warehouse_id: int) -> list[Bin]:
    """The open bins into which goods that came in may be laid, in walking order."""
    kinds = (Bin.Kind.SHELF, Bin.Kind.RECEIVING)
    bins = Bin.objects.filter(warehouse=warehouse_id, kind__in=kinds, is_active=True)
    return list(bins.order_by("walk_order", "code"))


def put_away_proposals(bins: Sequence[Bin], product_ids: Collection[int]) -> dict[int, int]:
    """For each product the shelf where most of it lies now, else where goods arrive."""
    shelves = [each.pk for each in bins if each.kind == Bin.Kind.SHELF]
    rows = BinContent.objects.filter(bin__in=shelves, product__in=product_ids, quantity__gt=0)
    sums = rows.values("product_id", "bin_id").annotate(units=Sum("quantity"))
    found: dict[int, int] = {}
    for row in sums.order_by("product_id", "-units", "bin__walk_order"):
        found.setdefault(row["product_id"], row["bin_id"])
    receiving = [each.pk for each in bins if each.kind == Bin.Kind.RECEIVING]
    usual = next(iter([*receiving, *shelves]), 0)
    return {key: found.get(key, usual) for key in product_ids}
