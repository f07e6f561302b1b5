"""Generated screens for people and their roles. Roles themselves are data (``permissions.toml``)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from oms.core.access import role_title
from oms.core.models import Activity, User


class RoleField(forms.ModelMultipleChoiceField):
    """Roles to tick, by their titles."""

    def label_from_instance(self, obj: Any) -> str:
        return role_title(obj.name)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """People and their roles. Only a superuser makes a superuser or touches one."""

    list_display = ("username", "last_name", "role_names", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    search_fields = ("username", "first_name", "last_name", "email")
    filter_horizontal = ()
    radio_fields = {"theme": admin.HORIZONTAL}
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Roles"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Screen"), {"fields": ("theme", "single_keys")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )

    @admin.display(description=_("roles"))
    def role_names(self, user: User) -> str:
        return ", ".join(role_title(group.name) for group in user.groups.all()) or "–"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        # Everybody with a login here is staff; what they may do, their roles say.
        obj.is_staff = obj.is_staff or not change
        super().save_model(request, obj, form, change)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs |= {"widget": forms.CheckboxSelectMultiple, "form_class": RoleField}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = ("last_login", "date_joined")
        return fields if _is_superuser(request) else (*fields, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and obj.is_superuser and not _is_superuser(request):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody is deleted: the timeline names them. Take ``active`` away instead."""
        return False


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


admin.site.unregister(Group)


@admin.register(Activity)
class ActivityAdmin(admin.ModelAdmin):
    """The audit log: read only, newest first."""

    list_display = (
        "at", "actor_label", "surface", "verb", "document_kind", "document_id", "old", "new", "note"
    )  # fmt: skip
    list_filter = ("document_kind", "surface")
    search_fields = ("=actor_label", "=document_id")
    ordering = ("-id",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        return False
