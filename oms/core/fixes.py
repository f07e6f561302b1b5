"""The kernel's own fixes for cases, and its tile on the start page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from oms.core.actors import Actor
from oms.core.models import Case
from oms.core.outbox import retry_parked
from oms.core.selectors import open_case_count


def retry_delivery(*, case: Case, actor: Actor) -> str:
    """Give a parked delivery new attempts."""
    retry_parked(delivery_id=case.document_id or 0, actor=actor)
    return _("The delivery is tried again.")


def start_tiles(request: HttpRequest, subject: Any) -> dict[str, Any]:  # noqa: ARG001 - a panel's signature
    """What is stuck."""
    count = open_case_count()
    tile = {
        "label": _("Exceptions"),
        "value": str(count),
        "url": reverse("admin:exceptions"),
        "icon": "alert",
        "tone": "danger" if count else "",
        "sub": _("stuck, want a person"),
    }
    return {"tiles": [tile]}
