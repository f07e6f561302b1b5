"""The product list and the stock page of a product; editing stays the generated form."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from inventory.forms.stock import MomentForm
from inventory.models import Product
from inventory.selectors import product_list as products
from inventory.selectors.balance import balance_at
from inventory.selectors.ledger_list import FILE_HEADS, ledger_file, ledger_list
from inventory.selectors.stock_page import StockPage, stock_page
from oms.core.access import requires
from oms.core.charts import StepChart, step_chart
from oms.core.panels import load_panels
from oms.core.sheets import csv_answer
from oms.core.views.acting import missing
from oms.core.views.fragments import render_list


@requires("inventory.view_product")
def product_list(request: HttpRequest) -> HttpResponse:
    found, rows = products.product_list(request.GET)
    context = {"title": _("Products"), "list": found, "rows": rows}
    return render_list(
        request, "inventory/product_list.html", "inventory/_product_results.html", context
    )


@requires("inventory.view_stocklevel")
def product_page(request: HttpRequest, sku: str) -> HttpResponse:
    try:
        page = stock_page(sku, page_size=1)
    except Product.DoesNotExist:
        raise missing(_("There is no product %s.") % sku) from None
    ledger, rows = ledger_list(page.product, request.GET)
    form = MomentForm(request.GET if "moment" in request.GET else None)
    context = {
        "title": page.product.name,
        "crumbs": [(_("Products"), reverse("inventory:product_list")), (page.product.sku, "")],
        "page": page,
        "product": page.product,
        "list": ledger,
        "rows": rows,
        "chart": _chart(page),
        "form": form,
        "balance": balance_at(page.product.pk, form.cleaned_data["moment"])
        if form.is_valid()
        else None,
        "panels": load_panels("product", request, page.product),
        "stock_actions": stock_actions(request, page.product),
    }
    return render(request, "inventory/product_page.html", context)


def stock_actions(request: HttpRequest, product: Product) -> list[dict[str, str]]:
    """What this person may do about the stock of a product."""
    if product.is_kit:
        return []
    sku = quote(product.sku)
    offers = [
        ("inventory.adjust", _("Adjust"), "edit", "stockadjustment_add", f"product={sku}"),
        ("inventory.add_stockcount", _("Count"), "count", "stockcount_add", f"products={sku}"),
        ("inventory.add_transfer", _("Transfer"), "swap", "transfer_add", f"product={sku}"),
        ("inventory.view_reorderrule", _("Reorder"), "cart", "suggestions", f"q={sku}"),
    ]
    return [
        {"label": label, "icon": icon, "url": f"{reverse(f'inventory:{name}')}?{query}"}
        for permission, label, icon, name, query in offers
        if request.user.has_perm(permission)
    ]


def _chart(page: StockPage) -> StepChart | None:
    """Nothing to draw where nothing ever was."""
    series = [(each.day, each.on_hand) for each in page.series]
    if not any(on_hand for _day, on_hand in series):
        return None
    shipped = [each.shipped for each in page.series]
    return step_chart(series, level=page.totals.safety_stock, bars=shipped)


@requires("inventory.view_stocklevel")
def ledger_csv(request: HttpRequest, sku: str) -> HttpResponseBase:
    """The ledger as it is filtered on the page, as a file."""
    product = Product.objects.filter(sku__iexact=sku).first()
    if product is None:
        raise missing(_("There is no product %s.") % sku)
    return csv_answer(f"ledger-{product.sku}", FILE_HEADS, ledger_file(product, request.GET))
