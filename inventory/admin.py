"""Master data, search and audit of stock. Quantities change through services alone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from inventory.models import (
    AdjustmentReason,
    AdjustmentRecord,
    Allocation,
    Barcode,
    Bin,
    KitComponent,
    Lot,
    NoticeRecipient,
    Product,
    ReorderRule,
    Reservation,
    StockLevel,
    StockMovement,
    Supplier,
    SupplierProduct,
    Warehouse,
    WarehouseAccess,
    WarehouseClosure,
)
from inventory.services.calendars import announce_days
from oms.core.actors import Actor
from oms.core.forms import WeekdaysField


class ReadOnlyAdmin(admin.ModelAdmin):
    """To look at, not to touch."""

    actions = None
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class MasterDataAdmin(admin.ModelAdmin):
    """Master data; documents refer to it, so it is closed, not deleted."""

    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class _OwnedInline(admin.TabularInline):
    """Rows that belong to their parent: who may change it may change them."""

    extra = 0
    may_view, may_change = "inventory.view_product", "inventory.change_product"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(self.may_view)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(self.may_change)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(self.may_change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(self.may_change)


def _sees_costs(request: HttpRequest) -> bool:
    return request.user.has_perm("inventory.change_product")


class BarcodeInline(_OwnedInline):
    model = Barcode


class ComponentInline(_OwnedInline):
    model = KitComponent
    fk_name = "kit"
    autocomplete_fields = ("component",)


@admin.register(Product)
class ProductAdmin(MasterDataAdmin):
    list_display = ("sku", "name", "tracking", "is_kit", "pack_size", "cost", "is_active")
    list_filter = ("is_active", "tracking", "is_kit")
    search_fields = ("sku", "name", "barcodes__code")
    ordering = ("sku",)
    readonly_fields = ("created_at",)
    inlines = (BarcodeInline, ComponentInline)

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = super().get_list_display(request)
        return shown if _sees_costs(request) else [name for name in shown if name != "cost"]

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        """Costs are for those who keep the products; a new product has no date to show yet."""
        hidden = [] if _sees_costs(request) else ["cost"]
        return [*hidden, *([] if obj else ["created_at"])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()


@admin.register(Lot)
class LotAdmin(admin.ModelAdmin):
    list_display = ("code", "product", "expiry_date")
    list_select_related = ("product",)
    search_fields = ("code", "product__sku")
    autocomplete_fields = ("product",)
    ordering = ("product__sku", "code")


class ClosureInline(_OwnedInline):
    model = WarehouseClosure
    may_view, may_change = "inventory.view_warehouse", "inventory.change_warehouse"
    ordering = ("date",)


class WarehouseForm(forms.ModelForm):
    workdays = WeekdaysField(label=_("Working days"))


DAYS = ("workdays", "holiday_country", "holiday_region", "cut_off", "handling_days", "time_zone")


@admin.register(Warehouse)
class WarehouseAdmin(MasterDataAdmin):
    form = WarehouseForm
    list_display = ("code", "title", "city", "country", "priority", "daily_capacity", "is_active")
    list_filter = ("is_active", "country")
    search_fields = ("code", "title", "city")
    ordering = ("priority", "code")
    inlines = (ClosureInline,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if {*DAYS, "is_active"} & set(form.changed_data) or any(x.has_changed() for x in formsets):
            announce_days(warehouse_id=form.instance.pk, actor=Actor.of(request.user))


@admin.register(Bin)
class BinAdmin(MasterDataAdmin):
    list_display = ("code", "warehouse", "kind", "walk_order", "is_active")
    list_filter = ("warehouse", "kind", "is_active")
    list_select_related = ("warehouse",)
    search_fields = ("code",)
    ordering = ("warehouse__code", "walk_order", "code")


@admin.register(WarehouseAccess)
class WarehouseAccessAdmin(admin.ModelAdmin):
    list_display = ("user", "warehouse")
    list_filter = ("warehouse",)
    list_select_related = ("user", "warehouse")
    ordering = ("user__username", "warehouse__code")


@admin.register(StockLevel)
class StockLevelAdmin(ReadOnlyAdmin):
    """Read-only but for the safety stock, which is a decision and no quantity."""

    list_display = ("product", "warehouse", "on_hand", "allocated", "blocked", "safety_stock")
    list_filter = ("warehouse",)
    list_select_related = ("product", "warehouse")
    search_fields = ("product__sku", "product__name")
    readonly_fields = ("product", "warehouse", "on_hand", "allocated", "blocked")
    ordering = ("product__sku", "warehouse__code")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("inventory.change_stocklevel")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.save(update_fields=["safety_stock"])


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    list_display = (
        "at", "kind", "product", "warehouse", "quantity", "on_hand_after", "allocated_after",
        "blocked_after", "document", "reason", "actor_label",
    )  # fmt: skip
    list_filter = ("kind", "warehouse")
    list_select_related = ("product", "warehouse")
    search_fields = ("product__sku", "=document", "=idem_key")
    ordering = ("-id",)


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = (
        "product", "kind", "quantity", "warehouse", "demand_kind", "demand_id", "rank_at",
        "expires_at",
    )  # fmt: skip
    list_filter = ("kind",)
    list_select_related = ("product", "warehouse")
    search_fields = ("product__sku",)
    ordering = ("-id",)


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    list_display = ("product", "warehouse", "quantity", "demand_kind", "demand_id", "created_at")
    list_filter = ("warehouse",)
    list_select_related = ("product", "warehouse")
    search_fields = ("product__sku",)
    ordering = ("-id",)


@admin.register(AdjustmentRecord)
class AdjustmentRecordAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "product", "quantity", "reason", "source")
    list_filter = ("kind",)
    list_select_related = ("product",)
    search_fields = ("product__sku", "source")
    ordering = ("-at",)


class SupplierProductInline(_OwnedInline):
    model = SupplierProduct
    may_view, may_change = "inventory.view_supplierproduct", "inventory.change_supplierproduct"
    autocomplete_fields = ("product",)
    fields = (
        "product", "part_number", "price", "min_quantity", "pack_quantity", "lead_time_days",
        "is_preferred", "is_active",
    )  # fmt: skip


@admin.register(Supplier)
class SupplierAdmin(MasterDataAdmin):
    list_display = ("code", "title", "email", "currency", "lead_time_days", "is_active")
    list_filter = ("is_active", "currency", "country")
    search_fields = ("code", "title", "email", "products__part_number", "products__product__sku")
    ordering = ("code",)
    inlines = (SupplierProductInline,)
    fieldsets = (
        (None, {"fields": ("code", "title", "is_active")}),
        (
            _("Ordering"),
            {
                "fields": (
                    "email", "language", "currency", "lead_time_days", "min_order_amount",
                    "over_receipt_percent",
                )
            },
        ),
        (
            _("Address"),
            {
                "fields": (
                    "name", "company", "street", "city", "postcode", "region",
                    "country", "phone",
                )
            },
        ),
    )  # fmt: skip


@admin.register(ReorderRule)
class ReorderRuleAdmin(admin.ModelAdmin):
    """One rule; many are made on the page of the rules."""

    list_display = ("product", "warehouse", "method", "point", "target", "is_active")
    list_filter = ("warehouse", "method", "is_active")
    list_select_related = ("product", "warehouse")
    search_fields = ("product__sku", "product__name")
    autocomplete_fields = ("product",)
    readonly_fields = ("daily_demand", "computed_at", "low_since")
    ordering = ("product__sku", "warehouse__code")
    show_full_result_count = False


@admin.register(NoticeRecipient)
class NoticeRecipientAdmin(admin.ModelAdmin):
    list_display = ("email", "audience", "occasion", "product", "is_active")
    list_filter = ("audience", "occasion", "is_active")
    list_select_related = ("product",)
    search_fields = ("email", "product__sku")
    autocomplete_fields = ("product",)
    ordering = ("email", "pk")


@admin.register(AdjustmentReason)
class AdjustmentReasonAdmin(MasterDataAdmin):
    """The reason "count" holds the limits of counts."""

    list_display = ("title", "code", "limit_amount", "limit_units", "is_active")
    list_filter = ("is_active",)
    search_fields = ("code", "title")
    ordering = ("title",)
