"""Goods in as a form: one row for each line that waits, whatever document the goods come against."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from inventory.forms.purchase import day, whole_number
from inventory.models import Bin, Product
from inventory.services.receipts import Arrived

_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line that waits for goods; ``bin_id`` is where they should go."""

    line_id: int
    product: Product
    outstanding: int
    bin_id: int
    part_number: str = ""
    expected: date | None = None

    @property
    def rows(self) -> int:
        """A delivery may bring two lots of a product."""
        return 2 if self.product.tracking == Product.Tracking.LOT else 1


class ReceiveRowForm(forms.Form):
    """What came of one line; lots and serial numbers are asked for where the product wants them."""

    def __init__(
        self, waiting: Waiting, bins: Sequence[Bin], data: Mapping[str, Any] | None, row: int = 1
    ) -> None:
        suffix = f"-{row}" if row > 1 else ""
        super().__init__(data, prefix=f"line-{waiting.line_id}{suffix}")
        self.waiting = waiting
        self.is_first = row == 1
        sku = waiting.product.sku
        self.fields["quantity"] = whole_number(
            _("Units of %s that came") % sku, initial=waiting.outstanding if self.is_first else None
        )
        if self.is_serial:
            self.fields["serials"] = _numbers(_("Serial numbers of %s") % sku)
            self.fields["damaged_serials"] = _numbers(_("Damaged numbers of %s") % sku)
        else:
            self.fields["damaged"] = whole_number(_("Damaged units of %s") % sku)
        if self.is_lot:
            self.fields["lot"] = _text(_("Lot of %s") % sku, 64)
            self.fields["expiry_date"] = day(_("Expiry date of %s") % sku, required=False)
            self.fields["expiry_date"].widget.attrs["aria-label"] = _("Expiry date of %s") % sku
        self.fields["bin"] = forms.TypedChoiceField(
            label=_("Bin for %s") % sku,
            coerce=int,
            choices=[(each.pk, each.code) for each in bins],
            initial=waiting.bin_id,
            widget=forms.Select(attrs={"class": "input", "aria-label": _("Bin for %s") % sku}),
        )
        self.fields["closes"] = forms.BooleanField(
            label=_("The rest is not coming"), required=False
        )
        self.fields["difference"] = _text(_("Reason for a difference of %s") % sku, 200)

    @property
    def is_serial(self) -> bool:
        return self.waiting.product.tracking == Product.Tracking.SERIAL

    @property
    def is_lot(self) -> bool:
        return self.waiting.product.tracking == Product.Tracking.LOT

    @property
    def arrived(self) -> Arrived:
        """What was entered, as the service takes it."""
        cleaned = self.cleaned_data
        bad = tuple(cleaned.get("damaged_serials", ()))
        return Arrived(
            line_id=self.waiting.line_id,
            quantity=cleaned["quantity"] or 0,
            bin_id=cleaned["bin"],
            damaged=len(bad) if self.is_serial else cleaned["damaged"] or 0,
            lot=cleaned.get("lot", ""),
            expiry_date=cleaned.get("expiry_date"),
            serials=tuple(cleaned.get("serials", ())),
            damaged_serials=bad,
            closes=cleaned["closes"],
            difference=cleaned["difference"],
        )


class _NumbersField(forms.CharField):
    """Serial numbers, one in a line or with commas between them, as a scanner types them."""

    def to_python(self, value: Any) -> Any:
        return [each for each in _BETWEEN.split(super().to_python(value) or "") if each]

    def validate(self, value: Any) -> None:
        if any(len(each) > 64 for each in value):
            raise forms.ValidationError(_("A serial number has at most 64 characters."))


def _numbers(label: str) -> forms.Field:
    attributes = {"rows": 2, "class": "input mono", "aria-label": label}
    return _NumbersField(label=label, required=False, widget=forms.Textarea(attrs=attributes))


def _text(label: str, length: int) -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "input", "aria-label": label})
    return forms.CharField(label=label, required=False, max_length=length, widget=widget)


class ReceiveForm(forms.Form):
    """The delivery note, and a row for each line that waits."""

    delivery_note = forms.CharField(required=False, max_length=64)

    def __init__(
        self,
        waiting: Sequence[Waiting],
        bins: Sequence[Bin],
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data)
        self.fields["delivery_note"].label = _("Delivery note")
        self.rows = [
            ReceiveRowForm(each, bins, data, row)
            for each in waiting
            for row in range(1, each.rows + 1)
        ]

    def is_valid(self) -> bool:
        """Whether the head and every row can be read."""
        rows = [row.is_valid() for row in self.rows]
        return super().is_valid() and all(rows)

    @property
    def arrived(self) -> list[Arrived]:
        return [row.arrived for row in self.rows]
