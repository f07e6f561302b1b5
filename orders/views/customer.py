"""The customer list and the customer page; editing stays the generated form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from oms.core.access import requires
from oms.core.panels import load_panels
from oms.core.views.acting import missing
from oms.core.views.fragments import render_list
from orders.models import Customer
from orders.selectors import customer_page as customers


@requires("orders.view_customer")
def customer_list(request: HttpRequest) -> HttpResponse:
    found = customers.customer_list(request.user, request.GET)
    context = {"title": _("Customers"), "list": found, "rows": found.page.rows}
    return render_list(
        request, "orders/customer_list.html", "orders/_customer_results.html", context
    )


@requires("orders.view_customer")
def customer_page(request: HttpRequest, number: str) -> HttpResponse:
    try:
        page = customers.customer_page(request.user, number)
    except Customer.DoesNotExist:
        raise missing(_("There is no customer %s.") % number) from None
    context = {
        "title": page.customer.name,
        "crumbs": [(_("Customers"), reverse("orders:customer_list")), (number, "")],
        "page": page,
        "customer": page.customer,
        "panels": load_panels("customer", request, page.customer),
    }
    return render(request, "orders/customer_page.html", context)
