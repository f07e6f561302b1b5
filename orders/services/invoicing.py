"""Invoices when goods leave (on account) or money comes (prepaid), and credit notes that refer to them.

Amounts are cumulative shares of the order line, so that the invoices of a line add up to its amount.
The gap-free number is taken at the very end: everybody who invoices waits behind it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from oms.core import activity, bulk
from oms.core.activity import Entry
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.numbering import take_gap_free
from orders.events import InvoiceIssued
from orders.exceptions import InvoiceRefused, UnknownOrder
from orders.models import Charge, Customer, Invoice, InvoiceLine, Order, OrderLine, SearchTerm
from orders.totals import ZERO, Amounts, share

SERIES = {"invoice": "INV", "credit_note": "CN"}


@dataclass(frozen=True, slots=True)
class GoodsToInvoice:
    """Units by line that left; ``cause`` (``parcel:17``) makes their invoice once."""

    order_id: int
    quantities: Mapping[int, int]
    cause: str


class _Row(NamedTuple):
    """A line of an invoice to be issued."""

    order_line_id: int | None
    charge_id: int | None
    description: str
    quantity: int
    unit_price: Decimal
    amounts: Amounts
    tax_rate: Decimal


class _Issue(NamedTuple):
    order: Order
    kind: str
    cause: str
    rows: list[_Row]
    refers_to_id: int | None = None


class _Billed(NamedTuple):
    """What stands on invoices less credit notes."""

    quantity: int
    amounts: Amounts


NOTHING = _Billed(0, Amounts(ZERO, ZERO))
_Key = tuple[int | None, int | None]
"""(order line, None) or (None, charge)."""


def invoice_goods(
    *, order_id: int, quantities: Mapping[int, int], cause: str, actor: Actor
) -> Invoice | None:
    """Invoice units that left; see `invoice_shipped`. None where the order is prepaid."""
    issued = invoice_shipped([GoodsToInvoice(order_id, quantities, cause)], actor=actor)
    return issued[0] if issued else None


@transaction.atomic
def invoice_shipped(goods: Sequence[GoodsToInvoice], *, actor: Actor) -> list[Invoice]:
    """Invoice units that left, one invoice for each cause; call it after the counters have moved.

    The first invoice of an order carries its charges. Orders that are prepaid are left out: theirs
    is issued at payment. A cause that was invoiced before gives its invoice back.

    :raises InvoiceRefused: more units than were shipped would be invoiced; nothing was changed.
    """
    orders = {order.pk: order for order in Order.objects.lock_all(each.order_id for each in goods)}
    billable = [
        each for each in goods if orders[each.order_id].settlement == Customer.Settlement.ON_ACCOUNT
    ]
    known = _by_cause([each.cause for each in billable])
    fresh = [each for each in billable if each.cause not in known]
    lines, charges, billed = _load(each.order_id for each in fresh)
    issues = []
    for each in fresh:
        order = orders[each.order_id]
        rows = []
        for line_id, quantity in sorted(each.quantities.items()):
            line = _line_of(order, line_id, lines)
            row = _goods_row(order, line, quantity, line.shipped, billed)
            rows.append(row)
        rows += _charge_rows(charges[order.pk], billed)
        issues.append(_Issue(order, "invoice", each.cause, rows))
    issued = _issue(issues, actor=actor)
    return [known[each.cause] for each in billable if each.cause in known] + issued


@transaction.atomic
def invoice_payment(*, order_id: int, cause: str, actor: Actor) -> Invoice | None:
    """Invoice all that a prepaid order has left to invoice; None when there is nothing (any more)."""
    order = Order.objects.lock(order_id)
    known = _by_cause([cause])
    if known:
        return known[cause]
    lines, charges, billed = _load([order_id])
    rows = []
    for line in lines.values():
        left = line.ordered - line.canceled - billed.get((line.pk, None), NOTHING).quantity
        if left > 0:
            rows.append(_goods_row(order, line, left, line.ordered - line.canceled, billed))
    rows += _charge_rows(charges[order.pk], billed)
    if not rows:
        return None
    return _issue([_Issue(order, "invoice", cause, rows)], actor=actor)[0]


@transaction.atomic
def credit_note(
    *,
    invoice_id: int,
    cause: str,
    actor: Actor,
    quantities: Mapping[int, int] | None = None,
    charge_ids: Iterable[int] = (),
) -> Invoice:
    """Reduce what is owed for an invoice by units of its order lines and by whole charges.

    :raises InvoiceRefused: the invoice has fewer units (or the charge not) left to credit.
    """
    invoice, order = _lock_invoice(invoice_id)
    known = _by_cause([cause])
    if known:
        return known[cause]
    on_invoice, credited = _credited_of(invoice)
    wanted: dict[_Key, int] = {(key, None): count for key, count in (quantities or {}).items()}
    wanted |= {(None, key): 1 for key in charge_ids}
    rows = [
        _credit_row(invoice, order, on_invoice.get(key), credited.get(key, NOTHING), count)
        for key, count in sorted(wanted.items(), key=str)
    ]
    if not rows:
        raise InvoiceRefused("A credit note needs at least one line.")
    return _issue([_Issue(order, "credit_note", cause, rows, invoice.pk)], actor=actor)[0]


@transaction.atomic
def credit_goods(
    *, order_id: int, quantities: Mapping[int, int], cause: str, actor: Actor, charges: bool = False
) -> list[Invoice]:
    """Credit units wherever they were invoiced, newest invoice first: one note for each invoice.

    With ``charges`` the charges on those invoices are credited too.

    :raises InvoiceRefused: fewer units were invoiced.
    """
    left = {key: count for key, count in quantities.items() if count}
    notes = []
    invoices = Invoice.objects.filter(order=order_id, kind=Invoice.Kind.INVOICE)
    for invoice in invoices.order_by("-pk"):
        on_invoice, credited = _credited_of(invoice)
        part: dict[int, int] = {}
        open_charges = []
        for (line_id, charge_id), line in on_invoice.items():
            free = line.quantity - credited.get((line_id, charge_id), NOTHING).quantity
            if line_id is not None and min(free, left.get(line_id, 0)) > 0:
                part[line_id] = min(free, left[line_id])
                left[line_id] -= part[line_id]
            elif charges and charge_id is not None and free > 0:
                open_charges.append(charge_id)
        if part or open_charges:
            note = credit_note(
                invoice_id=invoice.pk,
                cause=f"{cause}:{invoice.pk}",
                actor=actor,
                quantities=part,
                charge_ids=open_charges,
            )
            notes.append(note)
    if any(left.values()):
        raise InvoiceRefused("More units would be credited than were invoiced.")
    return notes


def credit_canceled_units(*, order_id: int, actor: Actor) -> list[Invoice]:
    """Credit what was invoiced in advance and is canceled now."""
    if not Invoice.objects.filter(order=order_id).exists():
        return []
    lines, _, billed = _load([order_id])
    over = {
        line.pk: billed.get((line.pk, None), NOTHING).quantity - (line.ordered - line.canceled)
        for line in lines.values()
    }
    canceled = sum(line.canceled for line in lines.values())
    is_all = all(line.canceled == line.ordered for line in lines.values())
    over = {key: count for key, count in over.items() if count > 0}
    if not over:
        return []
    cause = f"cancel:{order_id}:{canceled}"
    return credit_goods(
        order_id=order_id, quantities=over, cause=cause, charges=is_all, actor=actor
    )


def _lock_invoice(invoice_id: int) -> tuple[Invoice, Order]:
    try:
        invoice = Invoice.objects.get(pk=invoice_id)
    except Invoice.DoesNotExist:
        raise UnknownOrder("There is no such invoice.") from None
    if invoice.kind != Invoice.Kind.INVOICE:
        raise InvoiceRefused(f"{invoice} is a credit note: only an invoice can be credited.")
    return invoice, Order.objects.lock(invoice.order_id)


def _by_cause(causes: Sequence[str]) -> dict[str, Invoice]:
    return {invoice.cause: invoice for invoice in Invoice.objects.filter(cause__in=causes)}


def _line_of(order: Order, line_id: int, lines: Mapping[int, OrderLine]) -> OrderLine:
    line = lines.get(line_id)
    if line is None or line.order_id != order.pk:
        raise InvoiceRefused(f"{order} has no such line with goods to invoice.")
    return line


_BILLED = """
SELECT il.order_line_id, il.charge_id,
       sum(CASE i.kind WHEN 'invoice' THEN il.quantity ELSE -il.quantity END),
       sum(CASE i.kind WHEN 'invoice' THEN il.net_amount ELSE -il.net_amount END),
       sum(CASE i.kind WHEN 'invoice' THEN il.tax_amount ELSE -il.tax_amount END)
FROM orders_invoice i JOIN orders_invoiceline il ON il.invoice_id = i.id
WHERE i.order_id = ANY (%s) GROUP BY il.order_line_id, il.charge_id
"""


def _load(
    order_ids: Iterable[int],
) -> tuple[dict[int, OrderLine], dict[int, list[Charge]], dict[_Key, _Billed]]:
    keys = sorted(set(order_ids))
    goods = OrderLine.objects.filter(order__in=keys).exclude(kind=OrderLine.Kind.KIT)
    lines = {line.pk: line for line in goods.order_by("pk")}
    charges: dict[int, list[Charge]] = defaultdict(list)
    for charge in Charge.objects.filter(order__in=keys).order_by("pk"):
        charges[charge.order_id].append(charge)
    with connection.cursor() as cursor:
        cursor.execute(_BILLED, [keys])
        rows: list[Any] = cursor.fetchall()
    billed = {(row[0], row[1]): _Billed(int(row[2]), Amounts(row[3], row[4])) for row in rows}
    return lines, charges, billed


def _goods_row(
    order: Order, line: OrderLine, quantity: int, most: int, billed: dict[_Key, _Billed]
) -> _Row:
    """A row for so many units more; notes in ``billed`` that they are invoiced now."""
    before = billed.get((line.pk, None), NOTHING)
    after = before.quantity + quantity
    if quantity <= 0 or after > most:
        raise InvoiceRefused(
            f"Line {line.position} of {order}: {quantity} units cannot be invoiced, "
            f"{before.quantity} of {most} are invoiced already."
        )
    net = share(line.net_amount, after, line.ordered, order.currency)
    tax = share(line.tax_amount, after, line.ordered, order.currency)
    billed[line.pk, None] = _Billed(after, Amounts(net, tax))
    amounts = Amounts(net - before.amounts.net, tax - before.amounts.tax)
    return _Row(line.pk, None, line.description, quantity, line.unit_price, amounts, line.tax_rate)


def _charge_rows(charges: Iterable[Charge], billed: dict[_Key, _Billed]) -> list[_Row]:
    rows = []
    for charge in charges:
        if billed.get((None, charge.pk), NOTHING).quantity > 0:
            continue
        amounts = Amounts(charge.net_amount, charge.tax_amount)
        billed[None, charge.pk] = _Billed(1, amounts)
        text = charge.description or str(charge.get_kind_display())
        rows.append(_Row(None, charge.pk, text, 1, charge.net_amount, amounts, charge.tax_rate))
    return rows


def _credited_of(invoice: Invoice) -> tuple[dict[_Key, InvoiceLine], dict[_Key, _Billed]]:
    """The lines of an invoice, and what credit notes have taken from each."""
    on_invoice = {
        (line.order_line_id, line.charge_id): line for line in invoice.lines.order_by("pk")
    }
    credited: dict[_Key, _Billed] = {}
    for line in InvoiceLine.objects.filter(invoice__refers_to=invoice):
        key = (line.order_line_id, line.charge_id)
        before = credited.get(key, NOTHING)
        amounts = Amounts(
            before.amounts.net + line.net_amount, before.amounts.tax + line.tax_amount
        )
        credited[key] = _Billed(before.quantity + line.quantity, amounts)
    return on_invoice, credited


def _credit_row(
    invoice: Invoice, order: Order, line: InvoiceLine | None, before: _Billed, count: int
) -> _Row:
    if line is None:
        raise InvoiceRefused(f"{invoice} has no such line to credit.")
    after = before.quantity + count
    if count <= 0 or after > line.quantity:
        raise InvoiceRefused(
            f"{invoice}, {line.description}: {count} cannot be credited, "
            f"{before.quantity} of {line.quantity} are credited already."
        )
    net = share(line.net_amount, after, line.quantity, order.currency) - before.amounts.net
    tax = share(line.tax_amount, after, line.quantity, order.currency) - before.amounts.tax
    return _Row(
        line.order_line_id,
        line.charge_id,
        line.description,
        count,
        line.unit_price,
        Amounts(net, tax),
        line.tax_rate,
    )


def _issue(issues: Sequence[_Issue], *, actor: Actor) -> list[Invoice]:
    if not issues:
        return []
    numbers = _numbers(issues)
    made = _insert(issues, numbers)
    bulk.insert(
        InvoiceLine,
        [
            *("invoice", "order_line", "charge", "description", "quantity", "unit_price"),
            *("net_amount", "tax_amount", "tax_rate"),
        ],
        [
            (key, *row[:5], *row.amounts, row.tax_rate)
            for key, issue in zip(made, issues, strict=True)
            for row in issue.rows
        ],
    )
    pairs = list(zip(issues, numbers, strict=True))
    bulk.insert(
        SearchTerm,
        ["order", "kind", "term"],
        [(issue.order.pk, SearchTerm.Kind.INVOICE.value, number) for issue, number in pairs],
    )
    verbs = {"invoice": "invoiced", "credit_note": "credited"}
    activity.record_all(
        [Entry("order", issue.order.pk, verbs[issue.kind], new=number) for issue, number in pairs],
        actor=actor,
    )
    publish(
        *[
            InvoiceIssued(order_id=issue.order.pk, invoice_id=key)
            for issue, key in zip(issues, made, strict=True)
        ]
    )
    rows = Invoice.objects.in_bulk(made)
    return [rows[key] for key in made]


def _numbers(issues: Sequence[_Issue]) -> list[str]:
    blocks = {
        kind: iter(take_gap_free(kind, count))
        for kind in sorted(SERIES)
        if (count := sum(issue.kind == kind for issue in issues))
    }
    return [f"{SERIES[issue.kind]}-{next(blocks[issue.kind]):06}" for issue in issues]


def _insert(issues: Sequence[_Issue], numbers: Sequence[str]) -> list[int]:
    today = timezone.localdate()
    rows = []
    for issue, number in zip(issues, numbers, strict=True):
        net = sum((row.amounts.net for row in issue.rows), ZERO)
        tax = sum((row.amounts.tax for row in issue.rows), ZERO)
        due = None if issue.kind == "credit_note" else today + _terms(issue.order)
        head = (number, issue.kind, issue.order.pk, issue.refers_to_id, issue.cause)
        rows.append((*head, issue.order.currency, net, tax, net + tax, due))
    columns = [
        *("number", "kind", "order", "refers_to", "cause", "currency"),
        *("net_amount", "tax_amount", "total_amount", "due_date"),
    ]
    return [key for (key,) in bulk.insert(Invoice, columns, rows, returning=["id"])]


def _terms(order: Order) -> timedelta:
    is_prepaid = order.settlement == Customer.Settlement.PREPAID
    return timedelta(days=0 if is_prepaid else order.terms_days)
