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
        from oms.core import fixes, import_batches, job_pages, progress
        from oms.core.links import Fix, register_fix, register_links, register_number_prefix
        from oms.core.panels import Panel, register_panel
        from oms.core.site import register_pages
        from oms.core.urls import admin_pages

        register_pages(admin_pages)
        register_fix(
            Fix("retry_delivery", _("Try again"), "core.retry_delivery", fixes.retry_delivery)
        )
        for kind, work in import_batches.JOBS.items():
            progress.register_job(kind, work)
        register_number_prefix("IM-", "admin:import_page")
        register_links("job", job_pages.job_links)
        register_number_prefix("JB-", "admin:job_page")
        register_panel(
            "start", Panel("cases", "", fixes.start_tiles, "core.view_case", 5, place="tiles")
        )


class AdminConfig(django_admin.AdminConfig):
    default = False
    default_site = "oms.core.site.OmsAdminSite"
