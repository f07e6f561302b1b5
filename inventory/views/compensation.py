"""Books of a product that do not agree: what would be booked, and the button that books it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from inventory.models import Product
from inventory.selectors.differences import differences
from inventory.services.compensation import compensate
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.views.acting import missing


@require_http_methods(["GET", "POST"])
@requires("inventory.approve_adjustment")
@once
def compensation(request: HttpRequest, sku: str) -> HttpResponse:
    """Show what a compensation would book; book it."""
    product = Product.objects.filter(sku__iexact=sku).first()
    if product is None:
        raise missing(_("There is no product %s.") % sku)
    if request.method != "POST":
        return _page(request, product)
    try:
        compensate(product_id=product.pk, actor=Actor.of(request.user))
    except Refusal as refusal:
        return _page(request, product, str(refusal))
    messages.success(request, _("The books of %s agree again.") % product.sku)
    return redirect("inventory:product_page", product.sku)


def _page(request: HttpRequest, product: Product, refused: str = "") -> HttpResponse:
    back = reverse("inventory:product_page", args=[product.sku])
    context = {
        "title": _("Compensation of %s") % product.sku,
        "crumbs": [
            (_("Products"), reverse("inventory:product_list")),
            (product.sku, back),
            (_("Compensation"), ""),
        ],
        "product": product,
        "differences": differences(product.pk),
        "refused": refused,
        "back": back,
    }
    status = 409 if refused else 200
    return render(request, "inventory/compensation.html", context, status=status)
