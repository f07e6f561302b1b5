"""Returns, for audit and search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from oms.core.money import round_amount
from orders.selectors.scope import customers_for
from returns.models import Return, ReturnLine

if TYPE_CHECKING:
    ReturnAdminBase = admin.ModelAdmin[Return]
    ReturnLineInlineBase = admin.TabularInline[ReturnLine, Return]
else:
    ReturnAdminBase = admin.ModelAdmin
    ReturnLineInlineBase = admin.TabularInline


class ReturnLineInline(ReturnLineInlineBase):
    model = ReturnLine
    extra = 0
    can_delete = False
    fields = ("ordinal", "product", "quantity", "amount", "order", "order_line")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("returns.view_return")


@admin.register(Return)
class ReturnAdmin(ReturnAdminBase):
    list_display = ("number", "channel", "customer", "status", "credited", "settled_at")
    list_filter = ("status", "channel")
    list_select_related = ("channel", "customer")
    search_fields = ("number", "external_id")
    date_hierarchy = "created_at"
    inlines = (ReturnLineInline,)
    show_full_result_count = False

    @admin.display(description=_("credited"), ordering="credited_amount")
    def credited(self, row: Return) -> str:
        return f"{round_amount(row.credited_amount, row.currency):,} {row.currency}"

    def get_queryset(self, request: HttpRequest) -> Any:
        returns = super().get_queryset(request)
        if request.user.has_perm("orders.view_all_orders"):
            return returns
        return returns.filter(customer__in=customers_for(request.user).values("pk"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Return | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Return | None = None) -> bool:
        return False
