"""The kernel's own pages inside `/admin/`."""

from django.urls import URLPattern, URLResolver, path

from oms.core.views.design import gallery
from oms.core.views.preferences import save_preferences


def admin_pages() -> list[URLPattern | URLResolver]:
    return [
        path("preferences/", save_preferences, name="preferences"),
        path("design/", gallery, name="design"),
    ]
