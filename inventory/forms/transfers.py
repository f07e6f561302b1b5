"""The forms of transfers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Warehouse

DAY = {"type": "date", "class": "input"}
MOST_LINES = 500


class LinesField(forms.CharField):
    """Lines of a SKU or barcode and a number of units: ``(code, units)`` pairs."""

    widget = forms.Textarea(attrs={"rows": 6, "spellcheck": "false"})

    def clean(self, value: Any) -> list[tuple[str, int]]:
        text = super().clean(value)
        rows = [line.strip() for line in text.splitlines() if line.strip()]
        if len(rows) > MOST_LINES:
            raise forms.ValidationError(_("At most %d lines at once.") % MOST_LINES)
        return [self._pair(row) for row in rows]

    @staticmethod
    def _pair(row: str) -> tuple[str, int]:
        code, _space, units = row.replace("\t", " ").rpartition(" ")
        if not code.strip() or not units.isdecimal() or not 0 < int(units[:9]) < 10**8:
            raise forms.ValidationError(_("“%s”: write a SKU and a number of units.") % row[:80])
        return code.strip(), int(units)


class LinesForm(forms.Form):
    """What a draft sends."""

    lines = LinesField(
        label=gettext_lazy("Lines"),
        max_length=50_000,
        help_text=gettext_lazy("A SKU or barcode and the units in each line: LAMP 40"),
    )


class TransferForm(forms.Form):
    """A new transfer."""

    warehouse_from = forms.ModelChoiceField(
        Warehouse.objects.none(), label=gettext_lazy("From"), to_field_name="code"
    )
    warehouse_to = forms.ModelChoiceField(
        Warehouse.objects.none(), label=gettext_lazy("To"), to_field_name="code"
    )
    lines = LinesField(
        label=gettext_lazy("Lines"),
        max_length=50_000,
        help_text=gettext_lazy("A SKU or barcode and the units in each line: LAMP 40"),
    )
    expected_date = forms.DateField(
        label=gettext_lazy("Expected there"),
        required=False,
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = Warehouse.objects.active().order_by("priority", "code")
        for name, label in (("warehouse_from", _("From")), ("warehouse_to", _("To"))):
            field = forms.ModelChoiceField(places, label=label, to_field_name="code")
            self.fields[name] = field

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        ends = cleaned.get("warehouse_from"), cleaned.get("warehouse_to")
        if all(ends) and ends[0] == ends[1]:
            self.add_error("warehouse_to", _("Choose another warehouse than the one it leaves."))
        return cleaned


class SendForm(forms.Form):
    """The truck leaves."""

    expected_date = forms.DateField(
        label=gettext_lazy("Expected there"),
        required=False,
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
    )
