"""The small forms of the order page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Hold, OrderLine, Payment


class HoldForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("What it stops"),
        choices=[
            (Hold.Kind.ROUTING, gettext_lazy("Routing: no warehouse gets it")),
            (Hold.Kind.SHIPPING, gettext_lazy("Shipping: picked goods wait")),
        ],
    )
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=Hold.Reason.choices)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class TagForm(forms.Form):
    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        required=False,
        max_length=700,
        help_text=gettext_lazy("Separated by commas. Routing rules and filters look for them."),
    )

    def clean_tags(self) -> list[str]:
        return [tag for tag in self.cleaned_data["tags"].split(",") if tag.strip()]


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy("Stands on the timeline; the customer does not see it."),
    )


class CancelUnitsForm(forms.Form):
    """How many units of each line are no longer wanted; only what no shipment has can go."""

    def __init__(self, lines: Sequence[OrderLine], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in lines:
            free = line.open + line.backordered
            self.fields[self._name(line.pk)] = forms.IntegerField(
                label=f"{line.product.sku}",
                required=False,
                min_value=0,
                max_value=free,
                help_text=_("up to %d") % free,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
        self.fields["reason"] = forms.CharField(label=_("Reason"), max_length=200)
        self._lines = lines

    @staticmethod
    def _name(line_id: int) -> str:
        return f"line_{line_id}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not self._units(cleaned):
            raise forms.ValidationError(_("Say for at least one line how many units to cancel."))
        return cleaned

    @property
    def quantities(self) -> dict[int, int]:
        """Units to cancel by line id."""
        return self._units(self.cleaned_data)

    def _units(self, cleaned: dict[str, Any]) -> dict[int, int]:
        units = {line.pk: cleaned.get(self._name(line.pk)) or 0 for line in self._lines}
        return {line_id: quantity for line_id, quantity in units.items() if quantity}


class PaymentForm(forms.Form):
    method = forms.ChoiceField(label=gettext_lazy("Method"), choices=Payment.Method.choices)
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"),
        min_value=Decimal("0.001"),
        max_digits=14,
        decimal_places=3,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    reference = forms.CharField(label=gettext_lazy("Reference"), max_length=128, required=False)
