"""Whose orders and customers a person sees."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from orders.models import Customer, Order
from orders.models.customer import CustomerQuerySet
from orders.models.order import OrderQuerySet


def orders_for(user: Any) -> OrderQuerySet:
    """The orders of everybody, or a sales rep's own: taken by them or of their customers."""
    if user.has_perm("orders.view_all_orders"):
        return Order.objects.all()
    return Order.objects.filter(Q(customer__sales_rep=user) | Q(sales_rep=user))


def customers_for(user: Any) -> CustomerQuerySet:
    """The customers of everybody, or a sales rep's own."""
    if user.has_perm("orders.view_all_orders"):
        return Customer.objects.all()
    return Customer.objects.filter(sales_rep=user)
