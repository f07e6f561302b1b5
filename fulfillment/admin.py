"""Carriers with their rate tables; routing, shipments, picks and parcels for audit and search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from fulfillment.models import (
    Carrier,
    CarrierService,
    Parcel,
    ParcelLine,
    Pick,
    PickList,
    RateStep,
    RateZone,
    Rejection,
    RejectionReason,
    RoutingDecision,
    Shipment,
    ShipmentLine,
    Surcharge,
)
from fulfillment.selectors.scope import pick_lists_for, shipments_for
from inventory.models import Warehouse
from oms.core.countries import COUNTRIES
from oms.core.forms import WeekdaysField
from orders.selectors.scope import orders_for

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline


class ReadOnly(ModelAdmin):
    """Documents are moved by services alone."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnlyRows(TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("fulfillment.view_shipment")


class ShipmentLines(ReadOnlyRows):
    model = ShipmentLine
    raw_id_fields = ["order_line"]


class ParcelLines(ReadOnlyRows):
    model = ParcelLine
    raw_id_fields = ["shipment_line"]


class Picks(ReadOnlyRows):
    model = Pick
    raw_id_fields = ["shipment_line", "bin", "lot"]


@admin.register(Shipment)
class ShipmentAdmin(ReadOnly):
    list_display = ["number", "warehouse", "status", "units", "created_at", "shipped_at"]
    list_filter = ["status", "warehouse"]
    list_select_related = ["warehouse"]
    search_fields = ["number"]
    raw_id_fields = ["customer", "ship_to"]
    inlines = [ShipmentLines]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(pk__in=shipments_for(request.user).values("pk"))


@admin.register(Parcel)
class ParcelAdmin(ReadOnly):
    list_display = ["tracking_number", "shipment", "position", "status", "weight_kg", "shipped_at"]
    list_filter = ["status"]
    list_select_related = ["shipment"]
    search_fields = ["tracking_number", "shipment__number"]
    raw_id_fields = ["shipment"]
    inlines = [ParcelLines]

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .filter(shipment__in=shipments_for(request.user).values("pk"))
        )


@admin.register(PickList)
class PickListAdmin(ReadOnly):
    list_display = ["number", "warehouse", "created_at", "finished_at", "canceled_at"]
    list_filter = ["warehouse"]
    list_select_related = ["warehouse"]
    search_fields = ["number"]
    inlines = [Picks]

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super().get_queryset(request).filter(pk__in=pick_lists_for(request.user).values("pk"))
        )


@admin.register(RoutingDecision)
class RoutingDecisionAdmin(ReadOnly):
    list_display = ["order", "at", "actor_label"]
    list_select_related = ["order"]
    search_fields = ["order__number"]
    raw_id_fields = ["order"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(order__in=orders_for(request.user).values("pk"))


@admin.register(Rejection)
class RejectionAdmin(ReadOnly):
    list_display = ("shipment", "warehouse", "product", "quantity", "reason", "actor_label", "at")
    list_select_related = ("shipment", "warehouse", "product", "reason")
    list_filter = ("warehouse", "reason")
    search_fields = ("=shipment__number", "product__sku")
    date_hierarchy = "at"


@admin.register(RejectionReason)
class RejectionReasonAdmin(ModelAdmin):
    list_display = (
        "title",
        "effect",
        "excludes_hours",
        "opens_count",
        "lowers_reliability",
        "is_active",
    )
    list_filter = ("is_active",)
    search_fields = ("code", "title")


class RateRows(TabularInline):
    """Parts of a rate table: who may change services may change them."""

    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("fulfillment.view_carrierservice")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("fulfillment.change_carrierservice")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("fulfillment.change_carrierservice")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("fulfillment.change_carrierservice")


class ZoneForm(forms.ModelForm):
    origin = forms.ModelChoiceField(
        label=_("From"),
        queryset=Warehouse.objects.order_by("code"),
        required=False,
        empty_label=_("Every warehouse"),
    )
    country = forms.ChoiceField(label=_("Country"), choices=COUNTRIES)


class SurchargeForm(forms.ModelForm):
    country = forms.ChoiceField(
        label=_("Country"), required=False, choices=[("", _("Every country")), *COUNTRIES]
    )


class ServiceForm(forms.ModelForm):
    collection_days = WeekdaysField(label=_("Collects on"))
    delivery_days = WeekdaysField(label=_("Delivers on"))
    warehouses = forms.ModelMultipleChoiceField(
        label=_("Collects only at"),
        queryset=Warehouse.objects.order_by("code"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: at every warehouse."),
    )


class ServiceRows(RateRows):
    model = CarrierService
    fields = ["code", "title", "currency", "is_active"]
    show_change_link = True


class ZoneRows(RateRows):
    model = RateZone
    form = ZoneForm
    show_change_link = True


class SurchargeRows(RateRows):
    model = Surcharge
    form = SurchargeForm


class StepRows(RateRows):
    model = RateStep


class RateAdmin(ModelAdmin):
    """Shipments refer to carriers and services: they are closed, not deleted."""

    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(Carrier)
class CarrierAdmin(RateAdmin):
    list_display = ["title", "code", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["title", "code"]
    ordering = ["title"]
    inlines = [ServiceRows]


@admin.register(CarrierService)
class CarrierServiceAdmin(RateAdmin):
    form = ServiceForm
    list_display = ["title", "carrier", "currency", "fuel_percent", "max_weight_kg", "is_active"]
    list_filter = ["carrier", "is_active"]
    list_select_related = ["carrier"]
    search_fields = ["title", "code", "carrier__title"]
    ordering = ["carrier__title", "title"]
    inlines = [ZoneRows, SurchargeRows]


@admin.register(RateZone)
class RateZoneAdmin(ModelAdmin):
    form = ZoneForm
    list_display = ["title", "service", "country", "postcode_prefix", "origin", "transit_days"]
    list_filter = ["service", "country"]
    list_select_related = ["service__carrier", "origin"]
    search_fields = ["title", "country", "postcode_prefix"]
    ordering = ["service", "country", "postcode_prefix"]
    show_full_result_count = False
    inlines = [StepRows]
