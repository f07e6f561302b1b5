"""Messages of inventory: orders to suppliers, and warnings before and when stock runs out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.events import LowStockReached, PurchaseOrderSent, StockRanOut
from inventory.models import NoticeRecipient, Product, PurchaseOrder, ReorderRule, StockOut
from inventory.selectors.positions import Position, positions
from inventory.selectors.purchase_paper import purchase_order_csv
from oms.core import cases
from oms.core.actors import SYSTEM
from oms.core.messages import Attachment, MessageRefused, queue_message
from oms.core.models import Paper
from oms.core.papers import request_paper

PAPER = "purchase_order"
DOCUMENT = "purchaseorder"
INSIDE = (NoticeRecipient.Audience.BUYER, NoticeRecipient.Audience.PRODUCTION)


def mail_purchase_orders(events: Sequence[PurchaseOrderSent]) -> None:
    """Have each order drawn, and mail it to its supplier unless somebody told him already."""
    by_mail = {event.purchase_order_id: event.by_mail for event in events}
    orders = PurchaseOrder.objects.filter(pk__in=by_mail, status__in=PurchaseOrder.ARRIVING)
    for order in orders.select_related("supplier", "warehouse").order_by("pk"):
        paper = request_paper(
            kind=PAPER,
            document_kind=DOCUMENT,
            document_id=order.pk,
            title=order.number,
            locale=order.supplier.language[:12],
            actor=SYSTEM,
        )
        if by_mail[order.pk]:
            _mail_order(order, paper)


def _mail_order(order: PurchaseOrder, paper: Paper) -> None:
    supplier = order.supplier
    key = f"purchase_order:{order.pk}"
    with translation.override(supplier.language):
        subject = _("Purchase order %s") % order.number
        context = {"subject": subject, "order": order, "shop_name": settings.COMPANY_NAME}
        text = render_to_string("email/purchase_order.txt", context)
        html = render_to_string("email/purchase_order.html", context)
    files = [
        Attachment(name=f"{order.number}.pdf", paper_id=paper.pk),
        Attachment(
            name=f"{order.number}.csv", text=purchase_order_csv(order), content_type="text/csv"
        ),
    ]
    try:
        queue_message(
            dedupe_key=key,
            to_address=supplier.email,
            subject=subject,
            text=text,
            html=html,
            actor=SYSTEM,
            document_kind=DOCUMENT,
            document_id=order.pk,
            locale=supplier.language[:12],
            attachments=files,
        )
    except MessageRefused:
        cases.open_case(
            kind="no_purchase_mail",
            dedupe_key=key,
            sentence=f"{order}: the supplier cannot be told, its mail address is not valid.",
            document_kind=DOCUMENT,
            document_id=order.pk,
        )


@dataclass(frozen=True, slots=True)
class _Notice:
    """One product in a warning; ``place`` and ``now`` where it is low at a warehouse."""

    key: str
    product: Product
    place: str = ""
    now: Position | None = None


def tell_low_stock(events: Sequence[LowStockReached]) -> None:
    """Mail those who want to know which products fell to their reorder points: one mail each."""
    keys = [event.reorder_rule_id for event in events]
    rules = ReorderRule.objects.low().filter(pk__in=keys).select_related("product", "warehouse")
    found = list(rules.order_by("product__sku", "warehouse__code"))
    now = positions({rule.product_id for rule in found})
    notices = [
        _Notice(
            f"{rule.pk}:{rule.low_since:%Y%m%d%H%M%S}",
            rule.product,
            rule.warehouse.code,
            now.get(rule.pk),
        )
        for rule in found
    ]
    _tell(NoticeRecipient.Occasion.LOW, notices)


def tell_stock_outs(events: Sequence[StockRanOut]) -> None:
    """Mail vendors, suppliers and production which of their products ran out: one mail each."""
    keys = [event.stock_out_id for event in events]
    rows = StockOut.objects.filter(pk__in=keys, until=None).select_related("product")
    notices = [_Notice(str(row.pk), row.product) for row in rows.order_by("product__sku")]
    _tell(NoticeRecipient.Occasion.OUT, notices)


def _tell(occasion: str, notices: Sequence[_Notice]) -> None:
    recipients = NoticeRecipient.objects.filter(occasion=occasion, is_active=True)
    by_address: dict[str, dict[str, _Notice]] = {}
    persons: dict[str, NoticeRecipient] = {}
    for recipient in recipients.order_by("pk"):
        mine = _of(recipient, notices)
        by_address.setdefault(recipient.email, {}).update(mine)
        persons.setdefault(recipient.email, recipient)
    for address, mine in by_address.items():
        if mine:
            _mail_notice(occasion, persons[address], list(mine.values()))


def _of(recipient: NoticeRecipient, notices: Iterable[_Notice]) -> dict[str, _Notice]:
    wanted = recipient.product_id
    return {each.key: each for each in notices if wanted is None or wanted == each.product.pk}


def _mail_notice(occasion: str, recipient: NoticeRecipient, notices: Sequence[_Notice]) -> None:
    with translation.override(recipient.language):
        context: dict[str, Any] = {
            "subject": _subject(occasion, len(notices)),
            "notices": notices,
            "is_low": occasion == NoticeRecipient.Occasion.LOW,
            "is_inside": recipient.audience in INSIDE,
            "shop_name": settings.COMPANY_NAME,
        }
        text = render_to_string("email/stock_notice.txt", context)
        html = render_to_string("email/stock_notice.html", context)
    try:
        queue_message(
            dedupe_key=f"{occasion}:{recipient.pk}:{notices[0].key}",
            to_address=recipient.email,
            subject=context["subject"],
            text=text,
            html=html,
            actor=SYSTEM,
            document_kind="product",
            document_id=notices[0].product.pk,
            locale=recipient.language[:12],
        )
    except MessageRefused:
        cases.open_case(
            kind="no_stock_notice",
            dedupe_key=f"notice_recipient:{recipient.pk}",
            sentence="A notice about stock cannot be sent: a recipient's mail address is not valid.",
        )


def _subject(occasion: str, count: int) -> str:
    if occasion == NoticeRecipient.Occasion.LOW:
        return ngettext("%d product is low", "%d products are low", count) % count
    return ngettext("%d product is out of stock", "%d products are out of stock", count) % count
