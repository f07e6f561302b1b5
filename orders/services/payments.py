"""Money that came in for an order."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from oms.core import activity, bulk
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.money import round_amount
from orders.events import PaymentRecorded
from orders.exceptions import PaymentRefused, UnknownOrder
from orders.models import Customer, Order, Payment
from orders.services.counters import refresh_orders
from orders.services.holds import lift_payment_holds
from orders.services.invoicing import invoice_payment


@transaction.atomic
def record_payment(
    *,
    order_id: int,
    method: str,
    amount: Decimal,
    idem_key: str,
    actor: Actor,
    reference: str = "",
    currency: str | None = None,
) -> Payment:
    """Record money that was received. The same ``idem_key`` again gives the first payment back.

    When the order is paid, holds for payment are lifted and a prepaid order is invoiced.

    :raises PaymentRefused: the amount or currency does not fit, or the key means another payment.
    """
    try:
        order = Order.objects.lock(order_id)
    except Order.DoesNotExist:
        raise UnknownOrder("There is no such order.") from None
    _check(order, method, amount, currency)
    fresh = bulk.insert(
        Payment,
        ["order", "method", "currency", "captured", "reference", "idem_key"],
        [(order.pk, method, order.currency, amount, reference, idem_key)],
        returning=["id"],
        on_conflict_do_nothing=True,
    )
    payment = Payment.objects.get(idem_key=idem_key)
    if not fresh:
        return _same(payment, order, method, amount)
    activity.record(order, "payment recorded", actor=actor, new=f"{amount} {order.currency}")
    publish(PaymentRecorded(order_id=order.pk, payment_id=payment.pk))
    refresh_orders([order.pk], actor=actor)
    if Order.objects.filter(pk=order.pk, payment_status=Order.PaymentStatus.PAID).exists():
        lift_payment_holds(order, actor=actor)
        if order.settlement == Customer.Settlement.PREPAID and order.status not in {
            Order.Status.DRAFT,
            Order.Status.CANCELED,
        }:
            invoice_payment(order_id=order.pk, cause=f"payment:{payment.pk}", actor=actor)
    return payment


def _check(order: Order, method: str, amount: Decimal, currency: str | None) -> None:
    if method not in Payment.Method:
        raise PaymentRefused(f"{method!r} is no way to pay.")
    if currency not in {None, order.currency}:
        raise PaymentRefused(f"{order} is in {order.currency}, the payment is in {currency}.")
    if not amount.is_finite() or amount <= 0:
        raise PaymentRefused(f"A payment must be above zero, not {amount}.")
    if round_amount(amount, order.currency) != amount:
        raise PaymentRefused(f"{amount} has more decimal places than {order.currency} has.")


def _same(payment: Payment, order: Order, method: str, amount: Decimal) -> Payment:
    if (payment.order_id, payment.method, payment.captured) != (order.pk, method, amount):
        raise PaymentRefused("This payment was recorded before with other facts.")
    return payment
