"""Finding orders and customers by whatever a person has at hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext as _

from oms.core.search import Hit
from orders.models import Customer, Order, SearchTerm
from orders.selectors.scope import customers_for, orders_for

MOST = 20
SHORTEST_PREFIX = 2


def terms_like(text: str) -> QuerySet[SearchTerm]:
    """The search terms that begin with a text, or equal it where the text is too short for that."""
    terms = SearchTerm.objects.annotate(folded=Lower("term"))
    folded = text.lower()
    if len(text) < SHORTEST_PREFIX:
        return terms.filter(folded=folded)
    return terms.filter(folded__startswith=folded)


def customers_like(text: str) -> QuerySet[Customer]:
    """The customers whose name, e-mail address or number begins with a text."""
    if len(text) < SHORTEST_PREFIX:
        return Customer.objects.none()
    customers = Customer.objects.annotate(folded=Lower("name"))
    return customers.filter(
        Q(folded__startswith=text.lower()) | Q(email__istartswith=text) | Q(number__iexact=text)
    )


def narrow_orders(rows: QuerySet[Order], text: str) -> QuerySet[Order]:
    """The orders that a text names by one of their terms or by their customer."""
    return rows.filter(
        Q(pk__in=terms_like(text).values("order_id"))
        | Q(customer__in=customers_like(text).values("pk"))
    )


def reasons_found(order_ids: Iterable[int], text: str) -> dict[int, str]:
    """By which of its terms each order was found; an order that is missing: by its customer."""
    terms = (
        terms_like(text).filter(order_id__in=list(order_ids)).order_by("order_id", "kind", "term")
    )
    labels = dict(SearchTerm.Kind.choices)
    return {
        order_id: _("by %(kind)s %(term)s") % {"kind": labels[kind], "term": term}
        for order_id, kind, term in terms.values_list("order_id", "kind", "term")
    }


def find_orders(user: Any, text: str) -> list[Hit]:
    """The newest orders with a term that begins with the text."""
    if not user.has_perm("orders.view_order"):
        return []
    mine = orders_for(user)
    found = (
        terms_like(text)
        .filter(order__in=mine)
        .annotate(order_number=F("order__number"), customer_name=F("order__customer__name"))
        .order_by("-order_id", "kind", "term")
    )
    labels = dict(SearchTerm.Kind.choices)
    return [
        Hit(
            url=reverse("orders:order_page", args=[term.order_number]),
            title=term.order_number,
            group=_("Orders"),
            matched=_("by %(kind)s %(term)s") % {"kind": labels[term.kind], "term": term.term},
            detail=term.customer_name,
            exact=term.term.lower() == text.lower(),
        )
        for term in found[:MOST]
    ]


def find_customers(user: Any, text: str) -> list[Hit]:
    """Customers by number, or by the beginning of their name or e-mail address."""
    if not user.has_perm("orders.view_customer"):
        return []
    found = customers_for(user).filter(pk__in=customers_like(text)).order_by("name", "pk")[:MOST]
    return [
        Hit(
            url=reverse("orders:customer_page", args=[customer.number]),
            title=customer.name,
            group=_("Customers"),
            matched=_("by customer"),
            detail=customer.number,
            exact=customer.number.lower() == text.lower(),
        )
        for customer in found
    ]
