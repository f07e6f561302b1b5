"""The small forms of the shipment page, and the forms of rule sets and routing rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fulfillment.models import (
    Criterion,
    Otherwise,
    RejectionReason,
    RoutingRule,
    RoutingSettings,
    RuleSet,
    SplitPolicy,
)
from fulfillment.selectors.override_grid import GridCell
from inventory.models import Warehouse
from oms.core.countries import COUNTRIES, country_code
from orders.models import SalesChannel

if TYPE_CHECKING:
    RuleModelForm = forms.ModelForm[RoutingRule]
    SettingsModelForm = forms.ModelForm[RoutingSettings]
else:
    RuleModelForm = SettingsModelForm = forms.ModelForm


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
        label=_("Reason"), max_length=200, help_text=_("Stands on the timeline.")
    )


class LineUnitsForm(forms.Form):
    """So many units of each of these lines: (key, name, most)."""

    def __init__(self, lines: Sequence[tuple[int, str, int]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = list(self.fields)
        for key, name, most in lines:
            self.fields[f"line_{key}"] = forms.IntegerField(
                label=name,
                required=False,
                min_value=0,
                max_value=most,
                help_text=gettext("up to %d") % most,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
        self.order_fields([f"line_{key}" for key, *_ in lines] + own)
        self._keys = [key for key, *_ in lines]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not self._units(cleaned):
            raise forms.ValidationError(gettext("Say for at least one line how many units."))
        return cleaned

    @property
    def quantities(self) -> dict[int, int]:
        """Units by key, where there are any."""
        return self._units(self.cleaned_data)

    def _units(self, cleaned: Mapping[str, Any]) -> dict[int, int]:
        return {key: units for key in self._keys if (units := cleaned.get(f"line_{key}"))}


class SplitForm(LineUnitsForm):
    """What leaves a shipment for one of its own."""


class RejectForm(LineUnitsForm):
    """What a warehouse does not ship, and why."""

    reason = forms.ModelChoiceField(
        label=_("Reason"),
        queryset=RejectionReason.objects.filter(is_active=True).order_by("pk"),
        empty_label=_("Choose why"),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ShortForm(forms.Form):
    """Fewer units lie in a bin than a pick asks for."""

    found = forms.IntegerField(
        label=_("Found"),
        min_value=0,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text=_("Units that lie there and are picked now."),
    )
    reason = forms.CharField(label=_("Note"), max_length=40, required=False)


class MoveForm(forms.Form):
    """Another warehouse for a shipment."""

    warehouse = forms.ModelChoiceField(
        label=_("Warehouse"), queryset=Warehouse.objects.none(), empty_label=_("Choose where")
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Kept with the routing decision.")
    )

    def __init__(self, now_at: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["warehouse"]
        others = Warehouse.objects.active().exclude(pk=now_at).order_by("priority", "code")
        field.queryset = others  # type: ignore[attr-defined]


class MergeForm(forms.Form):
    """Shipments that go the same way."""

    shipments = forms.TypedMultipleChoiceField(
        label=_("Together with"), coerce=int, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, others: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shipments"].choices = others  # type: ignore[attr-defined]


class OverrideForm(forms.Form):
    """Units by line and warehouse, as a person wants them, and why."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Kept with the routing decision.")
    )

    def __init__(self, cells: Sequence[GridCell], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for cell in cells:
            label = gettext("Units from %s") % cell.code
            self.fields[cell.name] = forms.IntegerField(
                label=label,
                required=False,
                min_value=0,
                initial=cell.planned or None,
                widget=forms.NumberInput(
                    attrs={"inputmode": "numeric", "aria-label": label, "class": "input qty"}
                ),
            )
        self._cells = cells

    @property
    def assignments(self) -> list[tuple[int, int, int]]:
        """(Line, warehouse, units), where there are any."""
        return [
            (cell.line_id, cell.warehouse_id, units)
            for cell in self._cells
            if (units := self.cleaned_data.get(cell.name))
        ]


class RoutingSettingsForm(SettingsModelForm):
    """How backorders are filled."""

    class Meta:
        model = RoutingSettings
        fields: ClassVar = ["fill_policy", "held_claim_days"]


class RuleSetForm(forms.Form):
    """Begin a rule set, or give one another name."""

    name = forms.CharField(label=_("Name"), max_length=100)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What it is for: others read it before they activate it."),
    )


class NewRuleSetForm(RuleSetForm):
    EMPTY, USUAL = "empty", "usual"

    start = forms.ChoiceField(label=_("Begin with"), widget=forms.RadioSelect, initial=USUAL)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        copies = RuleSet.objects.order_by("status", "-id")[:20]
        start: Any = self.fields["start"]
        start.choices = [
            (self.USUAL, _("One rule for all orders: fewest shipments, then the shortest way")),
            (self.EMPTY, _("No rule")),
            *((str(each.pk), gettext("A copy of “%s”") % each.name) for each in copies),
        ]


class ReplayForm(forms.Form):
    days = forms.IntegerField(
        label=_("Days back"),
        min_value=1,
        max_value=180,
        initial=90,
        help_text=_("Up to 180."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class WordsField(forms.CharField):
    """Several words with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else ", ".join(value)

    def to_python(self, value: Any) -> Any:
        words = [" ".join(word.split()) for word in (value or "").split(",")]
        return list(dict.fromkeys(self.read(word) for word in words if word))

    def read(self, word: str) -> str:
        """A word as it is kept."""
        return word.lower()

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))


class CountriesField(WordsField):
    def read(self, word: str) -> str:
        if code := country_code(word):
            return code
        raise forms.ValidationError(
            gettext("“%s” is no country: write codes or names, like DE or Austria.") % word
        )


class RuleForm(RuleModelForm):
    """A routing rule in plain words, its questions in groups."""

    GROUPS: ClassVar[Sequence[tuple[Promise | str, Promise | str, Sequence[str]]]] = (
        ("", "", ("name", "is_enabled")),
        (
            _("Which orders?"),
            _("An order must meet all of these. What you leave empty matches every order."),
            ("channels", "profile", "countries", "value_from", "value_to", "priority_from", "tags"),
        ),
        (
            _("From which warehouses?"),
            _("Without a tick every active warehouse may ship."),
            (
                "warehouses", "excluded_warehouses", "max_distance_km", "min_reliability",
                "needs_capacity", "needs_cut_off", "keeps_safety_stock", "keeps_share",
            ),
        ),
        (
            _("In which preference?"),
            _("The first that does not tie decides. What ties to the end goes to fewest shipments, the shortest way and the warehouse priority."),
            (),
        ),
        (
            _("And when one warehouse does not have it all?"),
            "",
            ("split", "split_above", "otherwise", "cancel_after_days"),
        ),
    )  # fmt: skip
    PICKS = (_("First"), _("Second"), _("Third"), _("Fourth"), _("Fifth"), _("Sixth"), _("Seventh"))
    LEAST_PICKS = 4

    countries = CountriesField(
        label=_("To countries"), required=False, help_text=_("With commas: DE, AT.")
    )
    tags = WordsField(
        label=_("With one of these tags"), required=False, help_text=_("With commas: gift, urgent.")
    )

    class Meta:
        model = RoutingRule
        fields: ClassVar[Sequence[str]] = [
            "name", "is_enabled",
            "channels", "profile", "countries", "value_from", "value_to", "priority_from", "tags",
            "warehouses", "excluded_warehouses", "max_distance_km", "min_reliability",
            "needs_capacity", "needs_cut_off", "keeps_safety_stock", "keeps_share",
            "split", "split_above", "otherwise", "cancel_after_days",
        ]  # fmt: skip
        widgets: ClassVar[Mapping[str, Any]] = {
            "channels": forms.CheckboxSelectMultiple,
            "warehouses": forms.CheckboxSelectMultiple,
            "excluded_warehouses": forms.CheckboxSelectMultiple,
            "split": forms.RadioSelect,
            "otherwise": forms.RadioSelect,
        }
        localized_fields = ("value_from", "value_to", "min_reliability", "split_above")
        labels: ClassVar[Mapping[str, Any]] = {
            "channels": _("Of these channels"),
            "profile": _("Of these customers"),
            "value_from": _("Worth at least"),
            "value_to": _("Worth less than"),
            "priority_from": _("With this priority or a higher one"),
            "warehouses": _("Only these"),
            "excluded_warehouses": _("Never these"),
            "max_distance_km": _("At most so many km away"),
            "min_reliability": _("At least so reliable (%)"),
            "needs_capacity": _("Only with capacity left today"),
            "needs_cut_off": _("Only before today’s cut-off"),
            "keeps_safety_stock": _("Leave the safety stock alone"),
            "keeps_share": _("Stay within the channel’s share of the stock"),
            "split": _("May an order leave from several warehouses?"),
            "split_above": _("Split above this value"),
            "otherwise": _("What becomes of what no warehouse has?"),
            "cancel_after_days": _("Cancel after (days)"),
        }

    def __init__(self, *args: Any, preference: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["channels"].queryset = SalesChannel.objects.order_by("name")
        for name in ("warehouses", "excluded_warehouses"):
            fields[name].queryset = Warehouse.objects.order_by("code")
        fields["profile"].choices = [("", _("Everybody")), ("b2b", "B2B"), ("b2c", "B2C")]
        for name in ("value_from", "value_to", "split_above"):
            if (amount := self.initial.get(name)) is not None:
                cents = amount.quantize(Decimal("0.01"))
                self.initial[name] = cents if cents == amount else amount
        for name, choices in (("split", SplitPolicy), ("otherwise", Otherwise)):
            fields[name].choices = choices.choices
        for place, label in enumerate(self.PICKS[: max(self.LEAST_PICKS, len(preference))]):
            fields[f"pick_{place}"] = forms.ChoiceField(
                label=label,
                choices=[("", "–"), *Criterion.choices] if place else Criterion.choices,
                required=not place,
                initial=preference[place] if place < len(preference) else "",
            )

    @property
    def groups(self) -> Iterator[tuple[Any, Any, list[forms.BoundField]]]:
        """Title, explanation and fields of each group; the group without fields has the picks."""
        for title, text, names in self.GROUPS:
            yield title, text, [self[name] for name in names or self._picks]

    @property
    def _picks(self) -> list[str]:
        return [name for name in self.fields if name.startswith("pick_")]

    @property
    def preference(self) -> list[str]:
        """The criteria that were picked, in their order, without gaps."""
        return [value for name in self._picks if (value := self.cleaned_data.get(name))]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._clean_picks(cleaned)
        low, high = cleaned.get("value_from"), cleaned.get("value_to")
        if low is not None and high is not None and high <= low:
            self.add_error("value_to", _("It must lie above “worth at least”."))
        for choice, name, text in (
            ("split", "split_above", _("Say above which value orders may be split.")),
            ("otherwise", "cancel_after_days", _("Say after how many days the rest is canceled.")),
        ):
            asks = cleaned.get(choice) in {SplitPolicy.ABOVE_VALUE, Otherwise.CANCEL_DATE}
            if asks and cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, text)
        both = set(cleaned.get("warehouses") or ()) & set(cleaned.get("excluded_warehouses") or ())
        if both:
            codes = ", ".join(sorted(each.code for each in both))
            self.add_error("excluded_warehouses", gettext("%s is among “only these”.") % codes)
        return cleaned

    def _clean_picks(self, cleaned: Mapping[str, Any]) -> None:
        seen: set[str] = set()
        for name in self._picks:
            if (value := cleaned.get(name)) and value in seen:
                self.add_error(name, _("It is picked already."))
            seen.add(value or "")


class TryRatesForm(forms.Form):
    """A shipment that does not exist: what would it cost, and when would it be there?"""

    warehouse = forms.ModelChoiceField(
        label=_("From"), queryset=Warehouse.objects.active().order_by("priority", "code"),
        empty_label=None,
    )  # fmt: skip
    country = forms.ChoiceField(label=_("To country"), choices=COUNTRIES)
    postcode = forms.CharField(label=_("Postcode"), max_length=16, required=False)
    weight_kg = forms.DecimalField(
        label=_("Weight (kg)"), min_value=Decimal("0.001"), max_digits=9, decimal_places=3
    )
    liters = forms.DecimalField(
        label=_("Volume (liters)"), required=False, min_value=0, max_digits=9, decimal_places=3
    )
    length_mm = forms.IntegerField(label=_("Longest side (mm)"), required=False, min_value=0)
    needed_by = forms.DateField(
        label=_("Needed by"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
