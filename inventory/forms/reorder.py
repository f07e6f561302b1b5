"""The form that makes reorder rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.forms.purchase import whole_number
from inventory.models import Product, ReorderRule, Warehouse
from inventory.services.reordering import RuleTerms


class RulesForm(forms.Form):
    """Reorder rules for many products of a warehouse at once."""

    warehouse = forms.ModelChoiceField(
        Warehouse.objects.active().order_by("priority", "code"), label=gettext_lazy("Warehouse")
    )
    products = forms.CharField(
        label=gettext_lazy("SKUs"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono"}),
        help_text=gettext_lazy("One in a line. Empty: every product that the warehouse has."),
    )
    method = forms.ChoiceField(
        label=gettext_lazy("Method"),
        choices=ReorderRule.Method,
        initial=ReorderRule.Method.COMPUTED,
        help_text=gettext_lazy(
            "Computed: from the demand of 90 days and the supplier's lead time."
        ),
    )
    point = whole_number(gettext_lazy("Reorder point"), initial=0)
    target = whole_number(gettext_lazy("Target"), initial=0)
    service_percent = forms.DecimalField(
        label=gettext_lazy("Service level (%)"), min_value=50, max_value=99, decimal_places=1,
        initial=95,
    )  # fmt: skip
    cover_days = forms.IntegerField(
        label=gettext_lazy("Order for (days)"), min_value=1, max_value=730, initial=30
    )

    def clean_products(self) -> list[int] | None:
        """The products by key; None where every one of the warehouse is meant."""
        skus = {line.strip().lower() for line in self.cleaned_data["products"].splitlines()} - {""}
        if not skus:
            return None
        rows = Product.objects.annotate(folded=Lower("sku")).filter(folded__in=skus)
        found: Mapping[str, int] = dict(rows.values_list("folded", "pk"))
        if missing := sorted(skus - set(found)):
            raise forms.ValidationError(_("There is no product %s.") % ", ".join(missing[:5]))
        return sorted(found.values())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        point, target = cleaned.get("point") or 0, cleaned.get("target") or 0
        if target < point:
            self.add_error("target", _("The target lies at or above the reorder point."))
        return cleaned

    @property
    def terms(self) -> RuleTerms:
        """What the new rules begin with."""
        cleaned = self.cleaned_data
        return RuleTerms(
            method=cleaned["method"],
            point=cleaned["point"] or 0,
            target=cleaned["target"] or 0,
            service_percent=cleaned["service_percent"],
            cover_days=cleaned["cover_days"],
        )
