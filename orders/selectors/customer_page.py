"""Customers: the list, and one customer with addresses, money and orders."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from oms.core import listing
from oms.core.addresses import format_lines
from oms.core.listing import Listing, ListPage, Sort, View
from orders.models import Customer, CustomerAddress, Order
from orders.selectors import search
from orders.selectors.order_list import OrderRow, order_rows
from orders.selectors.scope import customers_for, orders_for

NEWEST = 20

CUSTOMERS = Listing(
    name="customers",
    views=(
        View("all", _("All"), lambda rows: rows),
        View("business", _("Businesses"), lambda rows: rows.filter(kind=Customer.Kind.BUSINESS)),
        View("consumer", _("Consumers"), lambda rows: rows.filter(kind=Customer.Kind.CONSUMER)),
        View("inactive", _("Inactive"), lambda rows: rows.filter(is_active=False)),
    ),
    sorts=(
        Sort("number", _("Number"), "id"),
        Sort("name", _("Customer"), "name", descending=False),
    ),
)
CUSTOMER_HEADS = (
    (_("Number"), "number", ""),
    (_("Customer"), "name", ""),
    (_("Kind"), "", "opt"),
    (_("E-mail"), "", "opt"),
    (_("Settlement"), "", "opt"),
    (_("Sales rep"), "", "opt"),
    (_("Status"), "", ""),
)


def customer_list(user: Any, params: QueryDict) -> ListPage:
    """One page of the customers that this person sees."""
    return listing.load(
        CUSTOMERS,
        params,
        customers_for(user),
        search=_narrow,
        heads=CUSTOMER_HEADS,
        related=("sales_rep",),
    )


def _narrow(rows: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    return rows.filter(pk__in=search.customers_like(text).values("pk"))


@dataclass(frozen=True, slots=True)
class CustomerPage:
    customer: Customer
    addresses: list[CustomerAddress]
    rows: list[OrderRow]
    orders: int
    open_orders: int
    open_amount: Decimal
    total: Decimal

    @property
    def address_lines(self) -> list[tuple[str, list[str]]]:
        """Each address under what it is for."""
        lines = []
        for each in self.addresses:
            uses = [_("Ship to")] * each.is_ship_to + [_("Bill to")] * each.is_bill_to
            title = each.title or ", ".join(map(str, uses)) or str(_("Address"))
            lines.append((title, format_lines(each.to_address(), from_country="")))
        return lines

    @property
    def credit_left(self) -> Decimal | None:
        limit = self.customer.credit_limit
        return None if limit is None else limit - self.open_amount

    @property
    def more_orders(self) -> int:
        return self.orders - len(self.rows)


def customer_page(user: Any, number: str) -> CustomerPage:
    """What the page of a customer shows.

    :raises Customer.DoesNotExist: there is none, or it is not this person's.
    """
    customer = customers_for(user).select_related("sales_rep", "price_list").get(number=number)
    mine = orders_for(user).filter(customer=customer)
    is_open = Q(status__in=[Order.Status.PLACED, Order.Status.IN_FULFILLMENT])
    same = Q(currency=customer.currency)
    sums = mine.aggregate(
        orders=Count("pk"),
        open_orders=Count("pk", filter=is_open),
        open_amount=Coalesce(Sum("total_amount", filter=is_open & same), Decimal(0)),
        total=Coalesce(Sum("total_amount", filter=same & ~Q(status="canceled")), Decimal(0)),
    )
    newest = mine.select_related("channel", "customer").order_by("-id")[:NEWEST]
    return CustomerPage(
        customer=customer,
        addresses=list(customer.addresses.order_by("-is_ship_to", "-is_bill_to", "pk")),
        rows=order_rows(newest),
        **sums,
    )
