"""The form of a correction by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import AdjustmentReason, Warehouse


class AdjustForm(forms.Form):
    """What lies where, and what should lie there: more or fewer units, or the new number of them."""

    warehouse = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("Warehouse"))
    product = forms.CharField(
        label=gettext_lazy("Product"), max_length=64, help_text=gettext_lazy("SKU or barcode")
    )
    bin = forms.CharField(label=gettext_lazy("Bin"), max_length=32)
    mode = forms.ChoiceField(
        label=gettext_lazy("Meaning"),
        choices=[
            ("fewer", gettext_lazy("Fewer by")),
            ("more", gettext_lazy("More by")),
            ("new", gettext_lazy("New quantity")),
        ],
    )
    units = forms.IntegerField(
        label=gettext_lazy("Units"),
        min_value=0,
        max_value=10_000_000,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    reason = forms.ModelChoiceField(
        AdjustmentReason.objects.none(), label=gettext_lazy("Reason"), to_field_name="code"
    )
    lot = forms.CharField(label=gettext_lazy("Lot"), required=False, max_length=64)
    serial = forms.CharField(label=gettext_lazy("Serial number"), required=False, max_length=64)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, warehouses: QuerySet[Warehouse], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = warehouses.order_by("priority", "code")
        label = _("Warehouse")
        self.fields["warehouse"] = forms.ModelChoiceField(places, label=label, to_field_name="code")
        reasons = AdjustmentReason.objects.filter(is_active=True).order_by("title")
        self.fields["reason"] = forms.ModelChoiceField(
            reasons, label=_("Reason"), to_field_name="code"
        )
