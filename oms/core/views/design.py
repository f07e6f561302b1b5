"""The component gallery at `/admin/design/`, in development and in the demo: every component with sample data."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from oms.core.access import staff
from oms.core.statuses import STATUS_TONES

NOW = datetime(2026, 11, 24, 14, 2, tzinfo=UTC)


class _SampleForm(forms.Form):
    requested_date = forms.DateField(help_text="Leave empty for as soon as possible.")
    service = forms.ChoiceField(
        choices=[("", "Cheapest"), ("parcel", "Parcel"), ("pallet", "Pallet")]
    )
    note = forms.CharField(widget=forms.Textarea, required=False)
    in_parts = forms.BooleanField(label="Ship in parts", required=False)

    def clean_requested_date(self) -> Any:
        raise forms.ValidationError("Earliest is 2026-11-25.")


def _orders() -> list[dict[str, Any]]:
    names = "Larkfield Outdoor Co.|Vantor Facility Services|Oakline Kitchens Ltd.|Tidewater Marine Supply"
    states = ["in_fulfillment", "placed", "held", "completed"]
    return [
        {
            "number": f"SO-{100468 + row}",
            "customer": name,
            "po_number": f"PO-{4711 + row * 37}",
            "channel": "B2B desk",
            "lines": 6 + row,
            "units": 96 * (row + 1),
            "done": 60 * row,
            "waiting": 24 if row == 2 else 0,
            "total": Decimal("2318.40") * (row + 1),
            "due": NOW + timedelta(hours=(row - 1) * 20),
            "status": state,
        }
        for row, (name, state) in enumerate(zip(names.split("|"), states, strict=True))
    ]


def _timeline() -> list[dict[str, Any]]:
    return [
        {
            "actor": "Sales desk",
            "text": "lifted the credit hold",
            "detail": "Paid part of the overdue invoice by phone",
            "at": NOW,
            "icon": "lock",
            "tone": "success",
            "undo_url": "#",
        },
        {
            "actor": "Manager",
            "text": "to Sales desk",
            "detail": "Showroom opens at 10 on Thursday.\nPlease ask the carrier for a window.",
            "at": NOW - timedelta(minutes=9),
            "icon": "comment",
            "comment": True,
        },
        {
            "actor": "Routing",
            "text": "chose BER and HAM, 24 units backordered",
            "detail": "Rule 3: split when it arrives a day sooner",
            "at": NOW - timedelta(days=1),
            "icon": "route",
            "tone": "info",
        },
    ]


def _columns() -> list[dict[str, Any]]:
    return [
        {"label": "Parcel"},
        {"label": "Service"},
        {"label": "Tracking", "mono": True},
        {"label": "Weight", "num": True},
    ]


def _facts() -> list[dict[str, Any]]:
    return [
        {"label": "Company", "value": "Oakline Kitchens Ltd.", "url": "#"},
        {"label": "PO number", "value": "PO-4711", "mono": True},
        {"label": "Lines net", "value": "€2,994.46"},
        {"label": "Total", "value": "€3,669.91", "sum": True},
    ]


def _sample(request: HttpRequest) -> dict[str, Any]:
    form = _SampleForm({"requested_date": "2026-11-20", "in_parts": "on"})
    form.is_valid()
    return {
        "title": "Components",
        "crumbs": [("Start", "/admin/"), ("Components", "")],
        "statuses": list(STATUS_TONES),
        "form": form,
        "now": NOW,
        "orders": _orders(),
        "sort": request.GET.get("sort", "due"),
        "chips": [{"label": "Channel: EDI", "remove_url": "?"}],
        "filter_fields": [_SampleForm(auto_id="filter-%s")["service"]],
        "views": [
            {"label": "All", "url": "?", "count": "1,283"},
            {"label": "To ship today", "url": "?", "count": 46, "current": True},
            {"label": "Late", "url": "?", "count": 7, "hot": True},
            {"label": "Key accounts", "url": "?", "count": 18, "sep": True},
        ],
        "bulk_actions": [
            {"name": "route", "label": "Route", "icon": "route"},
            {"name": "hold", "label": "Hold", "icon": "lock"},
            {"name": "print", "label": "Print slips", "icon": "print"},
        ],
        "menu_items": [
            {"label": "Duplicate", "icon": "copy", "url": "#"},
            {"label": "Cancel order", "icon": "x", "url": "#", "tone": "danger"},
            {"label": "Split", "icon": "swap", "reason": "Picking has started."},
        ],
        "empty_actions": [{"label": "Clear filter SKU", "url": "?"}],
        "timeline": _timeline(),
        "columns": _columns(),
        "parcels": [
            ["1 of 2", "Parcel", "00340434161094021183", "24.8 kg"],
            ["2 of 2", "Freight, pallet", "JJD0002841107", "138.0 kg"],
        ],
        "facts": _facts(),
    }


@staff
def gallery(request: HttpRequest) -> HttpResponse:
    if not (settings.DEBUG or settings.DEMO):
        raise Http404
    messages.success(request, "Released 12 shipments", extra_tags="undo:/admin/design/")
    messages.warning(request, "Two orders were left alone: they are on hold.")
    return render(request, "admin/design.html", _sample(request))
