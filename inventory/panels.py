"""What inventory puts on the start page, and what its cases propose."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.selectors.reorder_list import low_stock_count
from inventory.services.compensation import compensate
from inventory.services.reordering import draft_suggestions
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.models import Case


def start_tiles(request: HttpRequest, subject: Any) -> dict[str, Any]:  # noqa: ARG001 - a panel's signature
    """What is to be ordered; the number is that of the view behind it."""
    count = low_stock_count()
    tile = {
        "label": _("Low stock"),
        "value": str(count),
        "url": reverse("inventory:low_stock"),
        "icon": "down",
        "tone": "warning" if count else "",
        "sub": _("at or below the reorder point"),
    }
    return {"tiles": [tile]}


def reorder_case(*, case: Case, actor: Actor) -> str:
    """The fix of a low-stock case: put what the product needs on a draft for its supplier.

    The case stays open until the goods are ordered.

    :raises Refusal: nothing is to be ordered, or nobody sells the product.
    """
    drafts = draft_suggestions(product_ids=[case.document_id or 0], actor=actor)
    if not drafts:
        raise Refusal(
            _("It stands on a draft already, or no supplier sells it: look at Low stock.")
        )
    return _("On draft %s: send it to the supplier.") % ", ".join(str(each) for each in drafts)


def compensate_case(*, case: Case, actor: Actor) -> str:
    """The fix of a finding about stock: bring the books of the product together."""
    found = compensate(product_id=case.document_id or 0, actor=actor)
    return ngettext(
        "The books of %(n)s warehouse agree again.",
        "The books of %(n)s warehouses agree again.",
        len(found),
    ) % {"n": len(found)}
