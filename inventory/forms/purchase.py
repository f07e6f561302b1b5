"""The forms of purchase orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import (
    Product,
    PurchaseOrderLine,
    Supplier,
    Warehouse,
)
from inventory.services.purchasing import WantedLine

NUMERIC = {"inputmode": "numeric", "class": "input"}
FRESH_ROWS = 3
MOST_UNITS = 99_999_999


def whole_number(label: Any, **facts: Any) -> forms.IntegerField:
    """A field for units, with the number keys of a phone."""
    attributes = NUMERIC | {"aria-label": label}
    widget = forms.NumberInput(attrs=attributes)
    return forms.IntegerField(
        label=label, required=False, min_value=0, max_value=MOST_UNITS, widget=widget, **facts
    )


def day(label: Any, **facts: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **facts)


class NewPurchaseOrderForm(forms.Form):
    supplier = forms.ModelChoiceField(
        Supplier.objects.active().order_by("code"), label=gettext_lazy("Supplier")
    )
    warehouse = forms.ModelChoiceField(
        Warehouse.objects.active().order_by("priority", "code"), label=gettext_lazy("Deliver to")
    )
    expected_date = day(
        gettext_lazy("Expected"),
        required=False,
        help_text=gettext_lazy("Empty: by the supplier's lead time, once it is sent."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note for the supplier"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("supplier", "warehouse"):
            field: Any = self.fields[name]
            field.label_from_instance = lambda each: f"{each.code} {each.title}"


class HeadForm(forms.Form):
    supplier_reference = forms.CharField(
        label=gettext_lazy("Supplier's reference"), required=False, max_length=64
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class ExpectedForm(forms.Form):
    """Another day for the whole order or for one line of it."""

    line = forms.ChoiceField(label=gettext_lazy("What"), required=False)
    expected_date = day(gettext_lazy("Expected"))
    note = forms.CharField(label=gettext_lazy("Why"), required=False, max_length=200)

    def __init__(self, lines: Sequence[PurchaseOrderLine], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["line"]
        named = [(str(line.pk), line.product.sku) for line in lines]
        field.choices = [("", _("The whole order")), *named]

    @property
    def line_ids(self) -> list[int]:
        line = self.cleaned_data["line"]
        return [int(line)] if line else []


class LinesForm(forms.Form):
    """The lines of a draft: quantity and price of each, and rows for more products."""

    def __init__(self, lines: Sequence[PurchaseOrderLine], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lines = lines
        for line in lines:
            sku = line.product.sku
            self.fields[f"quantity_{line.pk}"] = whole_number(
                _("Quantity of %s") % sku, initial=line.quantity
            )
            self.fields[f"price_{line.pk}"] = _price(_("Price of %s") % sku, line.price)
        for n in range(FRESH_ROWS):
            self.fields[f"sku_{n}"] = forms.CharField(
                label=_("SKU of another product"),
                required=False,
                max_length=64,
                widget=forms.TextInput(
                    attrs={
                        "class": "input",
                        "aria-label": _("SKU of another product"),
                        "placeholder": _("SKU of another product"),
                    }
                ),
            )
            self.fields[f"more_{n}"] = whole_number(_("Quantity"))
            self.fields[f"cost_{n}"] = _price(_("Price"), None)

    @property
    def known(self) -> list[tuple[PurchaseOrderLine, forms.BoundField, forms.BoundField]]:
        """Each line with its two fields."""
        return [(x, self[f"quantity_{x.pk}"], self[f"price_{x.pk}"]) for x in self._lines]

    @property
    def fresh(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        """The empty rows: SKU, quantity, price."""
        return [(self[f"sku_{n}"], self[f"more_{n}"], self[f"cost_{n}"]) for n in range(FRESH_ROWS)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        skus = [cleaned.get(f"sku_{n}", "") for n in range(FRESH_ROWS)]
        rows = Product.objects.annotate(folded=Lower("sku"))
        asked = rows.filter(folded__in={sku.lower() for sku in skus})
        found = {each.sku.lower(): each for each in asked}
        cleaned["products"] = found
        there = {line.product.sku.lower() for line in self._lines}
        for n, sku in enumerate(skus):
            if sku and sku.lower() not in found:
                self.add_error(f"sku_{n}", _("There is no product %s.") % sku)
            elif sku and sku.lower() in there:
                self.add_error(f"sku_{n}", _("%s has a line already: change that one.") % sku)
            elif sku and not cleaned.get(f"more_{n}"):
                self.add_error(f"more_{n}", _("Say how many."))
            there.add(sku.lower())
        return cleaned

    @property
    def wanted(self) -> list[WantedLine]:
        """What changed, and what is new."""
        cleaned = self.cleaned_data
        lines = []
        for line in self._lines:
            quantity = cleaned.get(f"quantity_{line.pk}") or 0
            price = cleaned.get(f"price_{line.pk}")
            if (quantity, price) != (line.quantity, line.price):
                lines.append(WantedLine(line.product_id, quantity, price))
        for n in range(FRESH_ROWS):
            if sku := cleaned.get(f"sku_{n}"):
                product = cleaned["products"][sku.lower()]
                lines.append(WantedLine(product.pk, cleaned[f"more_{n}"], cleaned[f"cost_{n}"]))
        return lines


def _price(label: str, initial: Any) -> forms.DecimalField:
    attributes = {"inputmode": "decimal", "class": "input", "aria-label": label}
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=4,
        initial=None if initial is None else f"{initial.normalize():f}",
        widget=forms.TextInput(attrs=attributes),
    )
