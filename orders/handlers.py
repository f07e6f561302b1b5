"""Reactions to events: each is one service call per event."""

from __future__ import annotations

from collections.abc import Sequence

from oms.core.actors import SYSTEM
from oms.core.papers import request_paper
from orders.events import InvoiceIssued
from orders.models import Invoice


def request_invoice_papers(events: Sequence[InvoiceIssued]) -> None:
    """Have the PDF of each new invoice and credit note drawn, in the order's language."""
    keys = {event.invoice_id for event in events}
    for invoice in Invoice.objects.filter(pk__in=keys).select_related("order").order_by("pk"):
        request_paper(
            kind=invoice.kind,
            document_kind="invoice",
            document_id=invoice.pk,
            actor=SYSTEM,
            locale=invoice.order.locale[:12],
            title=invoice.number,
        )
