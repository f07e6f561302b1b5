"""What inventory puts on the start page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from inventory.models import Product
from inventory.selectors.product_list import PRODUCTS
from oms.core.listing import capped_counts


def start_tiles(request: HttpRequest, subject: Any) -> dict[str, Any]:  # noqa: ARG001 - a panel's signature
    """Products of which nothing is available."""
    out = next(view for view in PRODUCTS.views if view.name == "out")
    count = capped_counts({"out": out.narrow(Product.objects.all())})["out"]
    return {
        "tiles": [
            {
                "label": _("None available"),
                "value": str(count),
                "url": f"{reverse('inventory:product_list')}?view=out",
                "icon": "box",
                "tone": "danger" if count else "",
                "sub": _("active products"),
            }
        ]
    }
