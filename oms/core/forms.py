"""Forms of the kernel's own pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from oms.core.import_files import MAX_BYTES
from oms.core.imports import Importer


class UploadForm(forms.Form):
    """A file and what it holds."""

    kind = forms.ChoiceField(label=_("What the file holds"))
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX, the first row names the columns. Nothing changes yet."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
        max_length=200,
    )

    def __init__(self, kinds: Sequence[Importer], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = forms.ChoiceField(
            label=self.fields["kind"].label,
            choices=[(each.name, each.label) for each in kinds],
        )
        self.fields["kind"] = choices
        self.order_fields(["kind", "file"])

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %(mb)s MB: split it into several."),
                params={"mb": MAX_BYTES // 1024**2},
            )
        return file


WEEKDAYS = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
]


class WeekdaysField(forms.TypedMultipleChoiceField):
    """Days of the week to tick; ISO numbers as the value."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple, **kwargs
        )
