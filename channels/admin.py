"""Imports, for audit and search: they are made by ``import_orders`` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from channels.models import ImportRun

if TYPE_CHECKING:
    ImportRunAdminBase = admin.ModelAdmin[ImportRun]
else:
    ImportRunAdminBase = admin.ModelAdmin


@admin.register(ImportRun)
class ImportRunAdmin(ImportRunAdminBase):
    list_display = (
        "file_name",
        "channel",
        "mode",
        "position",
        "rejected",
        "started_at",
        "finished_at",
    )
    list_filter = ("channel", "mode")
    search_fields = ("file_name", "file_sha256")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ImportRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ImportRun | None = None) -> bool:
        return False
