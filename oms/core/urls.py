"""The kernel's own pages inside `/admin/`."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from oms.core.views.design import gallery
from oms.core.views.preferences import save_preferences


def admin_pages() -> list[URLPattern | URLResolver]:
    pages: list[URLPattern | URLResolver] = [
        path("preferences/", save_preferences, name="preferences")
    ]
    if settings.DEBUG or getattr(settings, "DEMO", False):
        pages.append(path("design/", gallery, name="design"))
    return pages
