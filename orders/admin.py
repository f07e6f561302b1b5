"""Master data of the sales side, and read-only views of money for audit and search."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from import_export.admin import ImportExportMixin

from oms.core import activity
from oms.core.actors import Actor
from orders.models import (
    AccountEntry,
    ChannelShare,
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
from orders.selectors.scope import customers_for, orders_for


class ReadOnly(admin.ModelAdmin):
    """What services alone write."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def without_fields(fieldsets: Any, names: Collection[str]) -> Any:
    """The fieldsets of a form less some fields."""
    return [
        (title, {**options, "fields": [each for each in options["fields"] if each not in names]})
        for title, options in fieldsets
    ]


class OfOrders(ReadOnly):
    """Papers and money of the orders that this person sees."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(order__in=orders_for(request.user).values("pk"))


class Addresses(admin.StackedInline):
    model = CustomerAddress
    extra = 0
    fieldsets = [
        (None, {"fields": [("title", "is_ship_to", "is_bill_to"), ("name", "company"), "street"]}),
        (None, {"fields": [("postcode", "city"), ("region", "country"), ("phone", "email")]}),
    ]


class References(admin.TabularInline):
    model = CustomerReference
    extra = 0


@admin.register(Customer)
class CustomerAdmin(ImportExportMixin, admin.ModelAdmin):
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

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(pk__in=customers_for(request.user).values("pk"))

    def get_fieldsets(self, request: HttpRequest, obj: Customer | None = None) -> Any:
        """What the database gives a new customer is not there to be shown yet."""
        sets = super().get_fieldsets(request, obj)
        return sets if obj else without_fields(sets, self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        verb = "changed" if change else "created"
        what = ", ".join(form.changed_data) if change else ""
        activity.record(obj, verb, actor=Actor.of(request.user), note=what)

    def has_import_permission(self, request: HttpRequest) -> bool:
        # A file may name any customer, so it is for those who see all of them.
        return request.user.has_perms(
            ["orders.add_customer", "orders.change_customer", "orders.view_all_orders"]
        )

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.view_customer")


@admin.register(PriceList)
class PriceListAdmin(admin.ModelAdmin):
    list_display = ["code", "name", "currency"]
    search_fields = ["code", "name"]


class Shares(admin.TabularInline):
    model = ChannelShare
    extra = 0
    fields = ("product", "warehouse", "percent")
    autocomplete_fields = ("product",)


@admin.register(SalesChannel)
class SalesChannelAdmin(admin.ModelAdmin):
    list_display = ["code", "name", "currency", "prices_include_tax", "is_active"]
    inlines = [Shares]
    search_fields = ["code", "name"]


class InvoiceLines(admin.TabularInline):
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
class InvoiceAdmin(OfOrders):
    list_display = ["number", "kind", "order", "total_amount", "currency", "issued_at", "due_date"]
    list_filter = ["kind", "currency"]
    list_select_related = ["order"]
    search_fields = ["number", "order__number"]
    raw_id_fields = ["order", "refers_to"]
    ordering = ["-pk"]
    inlines = [InvoiceLines]


@admin.register(Payment)
class PaymentAdmin(OfOrders):
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

    def get_queryset(self, request: HttpRequest) -> Any:
        entries = super().get_queryset(request)
        if request.user.has_perm("orders.view_all_orders"):
            return entries
        return entries.filter(customer__in=customers_for(request.user).values("pk"))
