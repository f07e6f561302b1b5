"""The forms of counts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Warehouse


class CountForm(forms.Form):
    """What should be counted: bins, or products wherever they lie."""

    warehouse = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("Warehouse"))
    bins = forms.CharField(
        label=gettext_lazy("Bins"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Codes separated by spaces: everything that lies there."),
    )
    products = forms.CharField(
        label=gettext_lazy("Products"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("SKUs or barcodes separated by commas: wherever they lie."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    is_blind = forms.BooleanField(
        label=gettext_lazy("Blind"),
        required=False,
        initial=True,
        help_text=gettext_lazy("What the books say is shown only after counting."),
    )

    def __init__(self, warehouses: QuerySet[Warehouse], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = warehouses.order_by("priority", "code")
        self.fields["warehouse"] = forms.ModelChoiceField(places, label=_("Warehouse"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not (cleaned.get("bins") or cleaned.get("products")):
            raise forms.ValidationError(_("Name at least one bin or one product."))
        return cleaned


class CountedForm(forms.Form):
    """One place as it was typed or scanned."""

    bin = forms.CharField(label=gettext_lazy("Bin"), max_length=32)
    product = forms.CharField(
        label=gettext_lazy("Product"), max_length=64, help_text=gettext_lazy("SKU or barcode")
    )
    counted = forms.IntegerField(
        label=gettext_lazy("Counted"),
        min_value=0,
        max_value=10_000_000,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    lot = forms.CharField(label=gettext_lazy("Lot"), required=False, max_length=64)
    serial = forms.CharField(label=gettext_lazy("Serial number"), required=False, max_length=64)


class NoteForm(forms.Form):
    """A word on why."""

    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=200)
