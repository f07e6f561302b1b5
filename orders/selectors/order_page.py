"""The order page as plain data: one number in, everything that the page shows out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oms.core.addresses import format_lines
from oms.core.models import Paper
from orders.models import Charge, Customer, Hold, Invoice, Order, OrderLine, Payment
from orders.ports import picked_units
from orders.selectors.order_list import Coverage, settlement_or_payment
from orders.selectors.scope import orders_for
from orders.selectors.timeline import Timeline, documents_of, order_timeline

RELATED = ("channel", "customer", "ship_to", "bill_to", "sales_rep", "linked_order")
Text = str | Promise


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line with its counters; a component of a kit stands under its kit."""

    line: OrderLine
    is_kit: bool
    is_component: bool
    state: str
    picked: int = 0

    @property
    def wanted(self) -> int:
        return self.line.ordered - self.line.canceled


@dataclass(frozen=True, slots=True)
class HoldNote:
    hold: Hold
    stops: str


@dataclass(frozen=True, slots=True)
class Sums:
    """The counters of all lines."""

    ordered: int = 0
    open: int = 0
    allocated: int = 0
    backordered: int = 0
    shipped: int = 0
    canceled: int = 0
    returned: int = 0

    @classmethod
    def of(cls, lines: Sequence[OrderLine]) -> Sums:
        names = cls.__dataclass_fields__
        return cls(**{name: sum(getattr(line, name) for line in lines) for name in names})

    @property
    def coverage(self) -> Coverage:
        wanted = self.ordered - self.canceled
        return Coverage(wanted, self.shipped, self.allocated, self.backordered)


@dataclass(frozen=True, slots=True)
class MoneySums:
    """What the order costs, and how much of it is invoiced and paid."""

    net: Decimal
    charges: list[Charge]
    tax: Decimal
    total: Decimal
    invoiced: Decimal
    credited: Decimal
    captured: Decimal
    refunded: Decimal

    @property
    def to_invoice(self) -> Decimal:
        return max(self.total - self.invoiced + self.credited, Decimal(0))

    @property
    def owed(self) -> Decimal:
        return max(self.total - self.credited - self.captured + self.refunded, Decimal(0))

    @property
    def to_refund(self) -> Decimal:
        """What was paid and is no longer asked for."""
        return max(self.captured - self.refunded - self.total + self.credited, Decimal(0))


@dataclass(frozen=True, slots=True)
class OrderPage:
    order: Order
    sentence: str
    holds: list[HoldNote]
    lines: list[LineRow]
    sums: Sums
    money: MoneySums
    payments: list[Payment]
    invoices: list[Invoice]
    papers: list[Paper]
    ship_to: list[str]
    bill_to: list[str]
    timeline: Timeline

    @property
    def is_draft(self) -> bool:
        return bool(self.order.status == Order.Status.DRAFT)

    @property
    def is_canceled(self) -> bool:
        return bool(self.order.status == Order.Status.CANCELED)

    @property
    def terms(self) -> str:
        if self.order.settlement == Customer.Settlement.PREPAID:
            return str(self.order.get_settlement_display())
        return _("Net %d") % self.order.terms_days

    @property
    def kit_span(self) -> int:
        """Columns of counters, which a kit's own line does not have."""
        optional = [self.has_open, self.has_backorder, self.has_canceled, self.has_returned]
        return 4 + sum(optional)

    @property
    def has_open(self) -> bool:
        return self.sums.open > 0

    @property
    def has_backorder(self) -> bool:
        return self.sums.backordered > 0

    @property
    def is_held(self) -> bool:
        return bool(self.holds)

    @property
    def due_date(self) -> dt.date | None:
        """When the last of its invoices is due."""
        return max((each.due_date for each in self.invoices if each.due_date), default=None)

    @property
    def payment_word(self) -> str:
        return settlement_or_payment(self.order)

    @property
    def held_word(self) -> str:
        """``Held: address``."""
        reasons = ", ".join(str(each.hold.get_reason_display()).lower() for each in self.holds)
        return _("Held: %s") % reasons

    @property
    def has_canceled(self) -> bool:
        return self.sums.canceled > 0

    @property
    def has_returned(self) -> bool:
        return self.sums.returned > 0

    @property
    def cancelable(self) -> list[OrderLine]:
        """The lines with units that no shipment has."""
        return [row.line for row in self.lines if row.line.open + row.line.backordered > 0]


def order_page(user: Any, number: str, *, show: str = "all") -> OrderPage:
    """What the page of an order shows, with a constant number of statements.

    :raises Order.DoesNotExist: there is none, or it is not this person's.
    """
    order = orders_for(user).select_related(*RELATED).get(number=number)
    lines = list(order.lines.select_related("product").order_by("position"))
    sums = Sums.of(lines)
    holds = list(order.holds.filter(lifted_at=None).order_by("placed_at", "pk"))
    payments = list(order.payments.order_by("created_at", "pk"))
    invoices = list(order.invoices.order_by("issued_at", "pk"))
    documents = documents_of(order.pk)
    with_invoices = [*documents, *(("invoice", each.pk) for each in invoices)]
    return OrderPage(
        order=order,
        sentence=sentence_of(order, sums, held=bool(order.routing_holds)),
        holds=[HoldNote(hold, _effect_of(hold)) for hold in holds],
        lines=_line_rows(lines, picked_units([line.pk for line in lines])),
        sums=sums,
        money=_money(order, payments, invoices),
        payments=payments,
        invoices=invoices,
        papers=papers_of(with_invoices),
        ship_to=format_lines(order.ship_to.to_address(), from_country=""),
        bill_to=format_lines(order.bill_to.to_address(), from_country="") if order.bill_to else [],
        timeline=order_timeline(documents, show),
    )


def _effect_of(hold: Hold) -> str:
    if hold.kind == Hold.Kind.ROUTING:
        return _("stops the order from being routed.")
    return _("stops its shipments from leaving.")


def _line_rows(lines: Sequence[OrderLine], picked: Mapping[int, int]) -> list[LineRow]:
    components: dict[int | None, list[OrderLine]] = {}
    for line in lines:
        components.setdefault(line.parent_id, []).append(line)
    rows = []
    for line in components.get(None, []):
        children = components.get(line.pk, [])
        rows.append(_row(line, picked))
        rows += [_row(child, picked) for child in children]
    return rows


def _row(line: OrderLine, picked: Mapping[int, int]) -> LineRow:
    units = picked.get(line.pk, 0)
    return LineRow(
        line,
        is_kit=line.kind == OrderLine.Kind.KIT,
        is_component=line.parent_id is not None,
        state=state_of(line, units),
        picked=units,
    )


def state_of(line: OrderLine, picked: int = 0) -> str:
    """Where most of what is still owed stands, in one or two words."""
    wanted = line.ordered - line.canceled
    if line.ordered and not wanted:
        return _("canceled")
    if wanted and line.shipped == wanted:
        return _("shipped")
    if line.backordered:
        return _("%d backordered") % line.backordered
    if line.open:
        return _("%d to route") % line.open
    if picked:
        return _("%(n)d of %(allocated)d picked") % {"n": picked, "allocated": line.allocated}
    return (
        _("%(n)d of %(wanted)d allocated") % {"n": line.allocated, "wanted": wanted}
        if line.allocated
        else ""
    )


def units_text(count: int) -> str:
    return ngettext("%d unit", "%d units", count) % count


def sentence_of(order: Order, sums: Sums, *, held: bool) -> str:
    """The state of the order as one sentence."""
    units = units_text(sums.ordered)
    if order.status == Order.Status.DRAFT:
        return _("A draft of %s: nothing is promised until it is placed.") % units
    if order.status == Order.Status.CANCELED:
        return _("Canceled: none of its %s will be shipped.") % units
    wanted = sums.ordered - sums.canceled
    if order.status == Order.Status.COMPLETED:
        return _("All %s shipped.") % units_text(wanted)
    parts = (
        [_("%(n)d of %(wanted)d units shipped") % {"n": sums.shipped, "wanted": wanted}]
        if sums.shipped
        else []
    )
    if sums.allocated:
        values = {"n": sums.allocated, "wanted": wanted}
        parts.append(
            (_("%(n)d allocated") if parts else _("%(n)d of %(wanted)d units allocated")) % values
        )
    if sums.backordered:
        owed = units_text(sums.backordered) if not parts else str(sums.backordered)
        parts.append(_("%s on backorder") % owed)
    if sums.open:
        open_units = units_text(sums.open) if not parts else str(sums.open)
        waiting = _("%s wait for the hold to be lifted") if held else _("%s to be routed")
        parts.append(waiting % open_units)
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _money(order: Order, payments: Sequence[Payment], invoices: Sequence[Invoice]) -> MoneySums:
    zero = Decimal(0)
    return MoneySums(
        net=order.lines_amount,
        charges=list(order.charges.order_by("pk")),
        tax=order.tax_amount,
        total=order.total_amount,
        invoiced=sum((i.total_amount for i in invoices if i.kind == Invoice.Kind.INVOICE), zero),
        credited=sum(
            (i.total_amount for i in invoices if i.kind == Invoice.Kind.CREDIT_NOTE), zero
        ),
        captured=sum((payment.captured for payment in payments), zero),
        refunded=sum((payment.refunded for payment in payments), zero),
    )


def papers_of(documents: Sequence[tuple[str, int]]) -> list[Paper]:
    """The papers of these documents, the newest first."""
    wanted = Q()
    for kind, key in documents:
        wanted |= Q(document_kind=kind, document_id=key)
    return list(Paper.objects.filter(wanted).order_by("-id")) if wanted else []
