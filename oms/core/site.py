"""The admin site: our own first-class pages come before the pages that Django generates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext_lazy as _

_own_urls: list[Callable[[], list[URLPattern | URLResolver]]] = []


def register_pages(load: Callable[[], list[URLPattern | URLResolver]]) -> None:
    """Put an app's own pages inside ``/admin/``, ahead of the generated ones; call it in ``ready()``."""
    _own_urls.append(load)


_login_hints: list[Callable[[], Sequence[Any]]] = []


def register_login_hint(load: Callable[[], Sequence[Any]]) -> None:
    """Show these logins (``title``, ``username``, ``password``) on the login page; for the demo alone."""
    _login_hints.append(load)


class OmsAdminSite(AdminSite):
    site_header = site_title = _("Order management")
    index_title = _("All records")
    enable_nav_sidebar = False

    def get_urls(self) -> list[Any]:
        own = [pattern for load in _own_urls for pattern in load()]
        return own + super().get_urls()

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        hints = [login for load in _login_hints for login in load()]
        return super().login(request, {**(extra_context or {}), "demo_logins": hints})

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "is_admin_page": True}
