"""What stands on the PDF of an invoice or a credit note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from oms.core.addresses import format_lines
from oms.core.barcodes import code128_svg
from orders.models import Invoice, InvoiceLine
from orders.totals import share


def invoice_paper(invoice_id: int, locale: str) -> tuple[str, Mapping[str, Any]]:  # noqa: ARG001 - a composer's signature
    """Template and context; the caller has switched to the locale.

    :raises Invoice.DoesNotExist: there is no such invoice.
    """
    related = ("order__customer", "order__ship_to", "order__bill_to", "refers_to")
    invoice = Invoice.objects.select_related(*related).get(pk=invoice_id)
    order = invoice.order
    address = (order.bill_to or order.ship_to).to_address()
    lines = list(invoice.lines.select_related("order_line__product").order_by("pk"))
    is_invoice = invoice.kind == Invoice.Kind.INVOICE
    return "papers/invoice.html", {
        "title": _("Invoice") if is_invoice else _("Credit note"),
        "number": invoice.number,
        "shop_name": settings.COMPANY_NAME,
        "shop_address": " · ".join(filter(None, [settings.COMPANY_ADDRESS, _tax_id()])),
        "barcode": code128_svg(invoice.number),
        "invoice": invoice,
        "order": order,
        "customer": order.customer,
        "address_lines": format_lines(address, from_country=""),
        "lines": [(line, _discount(line, order.currency)) for line in lines],
        "taxes": _taxes(lines),
    }


def _tax_id() -> str:
    tax_id = settings.COMPANY_TAX_ID
    return _("Tax id %(tax_id)s") % {"tax_id": tax_id} if tax_id else ""


def _discount(line: InvoiceLine, currency: str) -> Decimal:
    """What of the line's discount falls on the units of this paper."""
    ordered = line.order_line
    if ordered is None or not ordered.ordered:
        return Decimal(0)
    return share(ordered.discount_amount, line.quantity, ordered.ordered, currency)


def _taxes(lines: Iterable[InvoiceLine]) -> list[tuple[Decimal, Decimal, Decimal]]:
    """(rate, net, tax) for each rate on the paper."""
    sums: dict[Decimal, list[Decimal]] = {}
    for line in lines:
        of_rate = sums.setdefault(line.tax_rate, [Decimal(0), Decimal(0)])
        of_rate[0] += line.net_amount
        of_rate[1] += line.tax_amount
    return [(rate, net, tax) for rate, (net, tax) in sorted(sums.items())]
