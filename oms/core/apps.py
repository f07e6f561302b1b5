from django.apps import AppConfig
from django.contrib.admin import apps as django_admin
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    default = True
    name = "oms.core"
    label = "core"
    verbose_name = _("System")

    def ready(self) -> None:
        import oms.core.checks  # noqa: F401 - registers the system checks
        from oms.core.site import register_pages
        from oms.core.urls import admin_pages

        register_pages(admin_pages)


class AdminConfig(django_admin.AdminConfig):
    default = False
    default_site = "oms.core.site.OmsAdminSite"
