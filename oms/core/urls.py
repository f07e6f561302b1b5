"""The kernel's own pages inside `/admin/`, ahead of the generated ones."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path, re_path

from oms.core.views import (
    access,
    cases,
    deliveries,
    design,
    imports,
    jobs,
    preferences,
    search,
    start,
)
from oms.core.views.help import help_page


def admin_pages() -> list[URLPattern | URLResolver]:
    return [
        path("", start.start, name="start"),
        path("records/", admin.site.admin_view(admin.site.index), name="records"),
        path("search/", search.search_page, name="search"),
        path("exceptions/", cases.case_list, name="exceptions"),
        path("exceptions/fix-all/", cases.fix_all_cases, name="cases_fix_all"),
        path("exceptions/<int:case_id>/fix/", cases.fix_case, name="case_fix"),
        path("exceptions/<int:case_id>/take/", cases.take_case, name="case_take"),
        path("exceptions/<int:case_id>/close/", cases.close_case, name="case_close"),
        path("system/deliveries/", deliveries.delivery_list, name="deliveries"),
        path("system/deliveries/<int:delivery_id>/retry/", deliveries.retry, name="delivery_retry"),
        path("jobs/", jobs.jobs, name="jobs"),
        path("jobs/<str:number>/", jobs.job_page, name="job_page"),
        path("jobs/<str:number>/cancel/", jobs.cancel, name="job_cancel"),
        path("jobs/<str:number>/failures.csv", jobs.failures, name="job_failures"),
        path("imports/", imports.imports, name="imports"),
        path("imports/new/", imports.upload, name="import_upload"),
        re_path(
            r"^imports/export/(?P<kind>\w+)\.(?P<form>csv|xlsx)$", imports.export, name="export"
        ),
        path("imports/<str:number>/", imports.import_page, name="import_page"),
        path("imports/<str:number>/import/", imports.take_in, name="import_take_in"),
        path("imports/<str:number>/undo/", imports.undo, name="import_undo"),
        path("imports/<str:number>/discard/", imports.discard, name="import_discard"),
        path("imports/<str:number>/errors.csv", imports.failures, name="import_failures"),
        path("preferences/", preferences.save_preferences, name="preferences"),
        path("system/permissions/", access.permission_matrix, name="permission_matrix"),
        path("help/", help_page, name="help"),
        path("design/", design.gallery, name="design"),
    ]
