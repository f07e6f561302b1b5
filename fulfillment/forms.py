"""The small forms of the shipment page."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _


class PackForm(forms.Form):
    """Everything that is picked goes into one parcel; the packing screen splits."""

    weight_kg = forms.DecimalField(
        label=_("Weight (kg)"),
        required=False,
        min_value=Decimal("0.001"),
        max_digits=10,
        decimal_places=3,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=_("Empty: as the products weigh."),
    )


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Its units go back to open, to be routed anew."),
    )
