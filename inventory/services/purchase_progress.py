"""Purchase orders on their way: sent, given other dates, canceled in whole or in part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.models import F, Max
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.events import IncomingChanged, PurchaseOrderSent
from inventory.exceptions import PurchaseRefused
from inventory.models import PurchaseOrder, PurchaseOrderLine, SupplierProduct
from inventory.services.purchasing import lock_order
from oms.core import activity
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.workflow import perform

PRODUCTS_PER_EVENT = 500


@transaction.atomic
def send_purchase_order(*, order_id: int, actor: Actor, by_hand: bool = False) -> PurchaseOrder:
    """Order from the supplier: by a mail with the order as PDF and CSV, or ``by_hand`` when
    somebody has told him already. Without an expected date the supplier's lead time gives it.

    :raises PurchaseRefused: there is nothing on it, or the supplier has no mail address.
    :raises TransitionRefused: it was sent already.
    """
    order = lock_order(order_id)
    if not order.lines.exists():
        raise PurchaseRefused(_("Nothing stands on %s: add what you want to buy.") % order)
    if not by_hand and not order.supplier.email:
        sentence = _(
            "%(supplier)s has no e-mail for orders: add it, or mark %(order)s as sent by hand."
        )
        raise PurchaseRefused(sentence % {"supplier": order.supplier, "order": order})
    order.sent_at = timezone.now()
    order.expected_date = order.expected_date or _expected(order)
    perform(
        order,
        "send",
        actor=actor,
        note=_("by hand") if by_hand else _("by e-mail"),
        update_fields=["sent_at", "expected_date"],
    )
    publish(PurchaseOrderSent(order.pk, not by_hand))
    announce_incoming(order)
    return order


@transaction.atomic
def change_expected_date(
    *,
    order_id: int,
    expected_date: date,
    actor: Actor,
    line_ids: Sequence[int] = (),
    note: str = "",
) -> PurchaseOrder:
    """Expect the order, or only these lines of it, on another day; promises follow.

    :raises PurchaseRefused: nothing of it is to come any more.
    """
    order = lock_order(order_id)
    if order.status not in {PurchaseOrder.Status.DRAFT, *PurchaseOrder.ARRIVING}:
        raise PurchaseRefused(_("Nothing of %s is to come any more.") % order)
    old = str(order.expected_date or "")
    if line_ids:
        order.lines.filter(pk__in=line_ids).update(expected_date=expected_date)
    else:
        order.expected_date = expected_date
        order.save(update_fields=["expected_date"])
        order.lines.update(expected_date=None)
    moved = {"old": "" if line_ids else old, "new": expected_date.isoformat()}
    activity.record(order, "expected on another day", actor=actor, note=note, **moved)
    announce_incoming(order, line_ids)
    return order


@transaction.atomic
def cancel_purchase_order(*, order_id: int, reason: str, actor: Actor) -> PurchaseOrder:
    """Give the whole order up; nothing of it has come yet.

    :raises PurchaseRefused: no reason is given.
    :raises TransitionRefused: something of it is here, or it is closed.
    """
    _need_reason(reason)
    order = lock_order(order_id)
    was_sent = order.sent_at is not None
    order.closed_at = timezone.now()
    perform(order, "cancel", actor=actor, note=reason, update_fields=["closed_at"])
    order.lines.update(canceled=F("quantity"))
    if was_sent:
        announce_incoming(order)
    return order


@transaction.atomic
def cancel_rest(
    *, order_id: int, reason: str, actor: Actor, line_ids: Sequence[int] = ()
) -> PurchaseOrder:
    """Expect no more of the order, or of these lines, than has come: what is outstanding is closed.

    :raises PurchaseRefused: nothing of it is outstanding, or no reason is given.
    """
    _need_reason(reason)
    order = lock_order(order_id)
    if order.status not in PurchaseOrder.ARRIVING:
        raise PurchaseRefused(_("%s is not on its way: nothing of it can be closed.") % order)
    lines = list(order.lines.select_for_update(no_key=True).order_by("pk"))
    chosen = [each for each in lines if each.outstanding and (not line_ids or each.pk in line_ids)]
    if not chosen:
        raise PurchaseRefused(_("Nothing of %s is outstanding.") % order)
    units = sum(each.outstanding for each in chosen)
    for each in chosen:
        each.canceled += each.outstanding
    PurchaseOrderLine.objects.bulk_update(chosen, ["canceled"])
    note = _("%(n)d units are not coming: %(reason)s") % {"n": units, "reason": reason}
    activity.record(order, "rest canceled", actor=actor, note=note)
    close_if_done(order, lines, actor=actor, note=reason)
    announce_incoming(order, [each.pk for each in chosen])
    return order


def close_if_done(
    order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], *, actor: Actor, note: str
) -> bool:
    """Close a locked order of which nothing is outstanding: received, or canceled if none came."""
    if any(line.outstanding for line in lines):
        return False
    order.closed_at = timezone.now()
    transition = "receive_rest" if any(line.received for line in lines) else "cancel"
    perform(order, transition, actor=actor, note=note, update_fields=["closed_at"])
    return True


def announce_incoming(order: PurchaseOrder, line_ids: Sequence[int] = ()) -> None:
    """Tell those who promise goods that what arrives has changed."""
    lines = order.lines.filter(pk__in=line_ids) if line_ids else order.lines.all()
    keys = sorted(lines.values_list("product_id", flat=True))
    publish(
        *(
            IncomingChanged(order.warehouse_id, keys[start : start + PRODUCTS_PER_EVENT])
            for start in range(0, len(keys), PRODUCTS_PER_EVENT)
        )
    )


def _expected(order: PurchaseOrder) -> date:
    """Today and the longest lead time of its products."""
    terms = SupplierProduct.objects.filter(
        supplier=order.supplier_id, product__in=order.lines.values("product_id")
    )
    longest = terms.aggregate(days=Max(Coalesce("lead_time_days", F("supplier__lead_time_days"))))[
        "days"
    ]
    days = order.supplier.lead_time_days if longest is None else longest
    return timezone.localdate() + timedelta(days=days)


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise PurchaseRefused(_("Say why: the reason stands on the order."))
