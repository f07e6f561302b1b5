"""Forms of the stock pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class MomentForm(forms.Form):
    """A moment to look back to, in the reader's zone."""

    moment = forms.DateTimeField(
        label=_("Moment"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "class": "input"}, format="%Y-%m-%dT%H:%M"
        ),
    )
