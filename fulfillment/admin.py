"""Read-only views of routing, shipments, picks and parcels for audit and search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from fulfillment.models import (
    Parcel,
    ParcelLine,
    Pick,
    PickList,
    RoutingDecision,
    Shipment,
    ShipmentLine,
)
from fulfillment.selectors.scope import pick_lists_for, shipments_for
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
