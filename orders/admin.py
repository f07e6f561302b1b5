"""Master data of the sales side, and read-only views of money for audit and search."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from import_export.admin import ImportExportMixin

from oms.core import activity
from oms.core.actors import Actor
from orders.models import (
    AccountEntry,
    Customer,
    CustomerAddress,
    CustomerReference,
    Invoice,
    InvoiceLine,
    Payment,
    PriceList,
    SalesChannel,
)
from orders.resources import CustomerResource


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """What services alone write."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Addresses(admin.StackedInline):  # type: ignore[type-arg]
    model = CustomerAddress
    extra = 0
    fieldsets = [
        (None, {"fields": [("title", "is_ship_to", "is_bill_to"), ("name", "company"), "street"]}),
        (None, {"fields": [("postcode", "city"), ("region", "country"), ("phone", "email")]}),
    ]


class References(admin.TabularInline):  # type: ignore[type-arg]
    model = CustomerReference
    extra = 0


@admin.register(Customer)
class CustomerAdmin(ImportExportMixin, admin.ModelAdmin):  # type: ignore[misc, type-arg]
    resource_classes = [CustomerResource]
    list_display = ["number", "name", "kind", "settlement", "currency", "sales_rep", "is_active"]
    list_filter = ["kind", "settlement", "is_active", "currency"]
    list_select_related = ["sales_rep"]
    search_fields = ["number", "name", "email", "tax_id"]
    readonly_fields = ["number", "created_at"]
    autocomplete_fields = ["price_list"]
    raw_id_fields = ["sales_rep"]
    ordering = ["-pk"]
    show_full_result_count = False
    inlines = [Addresses, References]
    fieldsets = [
        (None, {"fields": ["number", "name", "kind", "email", "phone", "tax_id", "language"]}),
        (
            None,
            {"fields": ["settlement", "terms_days", "credit_limit", "currency", "price_list"]},
        ),
        (
            None,
            {
                "fields": [
                    *("sales_rep", "allows_partial_shipment", "allows_backorder"),
                    *("is_anonymous", "is_active", "created_at"),
                ]
            },
        ),
    ]

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        verb = "changed" if change else "created"
        what = ", ".join(form.changed_data) if change else ""
        activity.record(obj, verb, actor=Actor.of(request.user), note=what)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["orders.add_customer", "orders.change_customer"])

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.view_customer")


@admin.register(PriceList)
class PriceListAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["code", "name", "currency"]
    search_fields = ["code", "name"]


@admin.register(SalesChannel)
class SalesChannelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["code", "name", "currency", "prices_include_tax", "is_active"]
    search_fields = ["code", "name"]


class InvoiceLines(admin.TabularInline):  # type: ignore[type-arg]
    model = InvoiceLine
    extra = 0
    can_delete = False
    fields = ("description", "quantity", "unit_price", "net_amount", "tax_rate", "tax_amount")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.has_perm("orders.view_invoice")


@admin.register(Invoice)
class InvoiceAdmin(ReadOnly):
    list_display = ["number", "kind", "order", "total_amount", "currency", "issued_at", "due_date"]
    list_filter = ["kind", "currency"]
    list_select_related = ["order"]
    search_fields = ["number", "order__number"]
    raw_id_fields = ["order", "refers_to"]
    ordering = ["-pk"]
    inlines = [InvoiceLines]


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    list_display = [
        "order",
        "method",
        "captured",
        "refunded",
        "currency",
        "reference",
        "created_at",
    ]
    list_filter = ["method", "currency"]
    list_select_related = ["order"]
    search_fields = ["order__number", "reference"]
    raw_id_fields = ["order"]
    ordering = ["-pk"]


@admin.register(AccountEntry)
class AccountEntryAdmin(ReadOnly):
    list_display = ["at", "kind", "external_id", "customer", "amount", "currency", "description"]
    list_filter = ["kind", "channel"]
    list_select_related = ["customer"]
    search_fields = ["external_id", "description"]
    ordering = ["-pk"]
