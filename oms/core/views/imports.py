"""Tables in and out: upload, preview, import, undo; export."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from oms.core import import_batches
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.forms import UploadForm
from oms.core.idempotency import once
from oms.core.import_batches import MOST_NAMED, CannotUndo
from oms.core.import_files import write_xlsx
from oms.core.import_pages import batch_page, batch_rows, failed_rows, import_list, visible_imports
from oms.core.imports import Importer, Problem, importers
from oms.core.job_pages import job_view
from oms.core.models import ImportBatch
from oms.core.sheets import csv_answer
from oms.core.views.fragments import render_list

PERMISSION = "core.view_importbatch"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
@requires(PERMISSION)
def imports(request: HttpRequest) -> HttpResponse:
    """What can be taken in and given out, and the files so far."""
    found, rows = import_list(request.user, request.GET)
    context = {
        "title": _("Import and export"),
        "list": found,
        "rows": rows,
        "kinds": importers(request.user),
    }
    return render_list(request, "core/import_list.html", "core/_import_results.html", context)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION)
@once
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file to look at; nothing changes yet."""
    kinds = importers(request.user)
    if request.method != "POST":
        return _upload_form(request, UploadForm(kinds, initial={"kind": request.GET.get("kind")}))
    form = UploadForm(kinds, request.POST, request.FILES)
    if not form.is_valid():
        return _upload_form(request, form, 422)
    file = form.cleaned_data["file"]
    try:
        batch = import_batches.receive_file(
            kind=form.cleaned_data["kind"],
            file_name=file.name,
            content=file.read(),
            actor=Actor.of(request.user),
        )
    except Refusal as refusal:
        form.add_error("file", str(refusal))
        return _upload_form(request, form, 422)
    return redirect("admin:import_page", batch.number)


def _upload_form(request: HttpRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    context = {
        "title": _("Import a file"),
        "form": form,
        "submit_label": _("Look at it"),
        "cancel_url": reverse("admin:imports"),
        "crumbs": [(_("Import and export"), reverse("admin:imports")), (_("Import a file"), "")],
    }
    return render(request, "core/import_upload.html", context, status=status)


@require_GET
@requires(PERMISSION)
def import_page(request: HttpRequest, number: str) -> HttpResponse:
    """A file: what it would change, or what it changed."""
    return _page(request, _batch(request, number))


def _page(
    request: HttpRequest,
    batch: ImportBatch,
    refused: str = "",
    problems: list[Problem] | None = None,
) -> HttpResponse:
    page = batch_page(batch)
    found, rows = batch_rows(page, request.GET)
    context = {
        "title": batch.file_name,
        "crumbs": [(_("Import and export"), reverse("admin:imports")), (batch.number, "")],
        "page": page,
        "batch": batch,
        "list": found,
        "rows": rows,
        "view": job_view(request.user, batch.job, reload=True) if batch.job else None,
        "refused": refused,
        "problems": (problems or [])[:MOST_NAMED],
    }
    return render(request, "core/import_page.html", context, status=409 if refused else 200)


@require_POST
@requires(PERMISSION)
@once
def take_in(request: HttpRequest, number: str) -> HttpResponse:
    """Import the good rows."""
    return _act(request, number, import_batches.start_import, _("Imported: %s"))


@require_POST
@requires(PERMISSION)
@once
def undo(request: HttpRequest, number: str) -> HttpResponse:
    """Give everything back as it was."""
    return _act(request, number, import_batches.start_undo, _("Undone: %s"))


@require_POST
@requires(PERMISSION)
@once
def discard(request: HttpRequest, number: str) -> HttpResponse:
    """Forget a file that was not imported."""
    return _act(request, number, import_batches.discard, _("Discarded: %s"))


def _act(
    request: HttpRequest, number: str, work: Callable[..., ImportBatch], told: str
) -> HttpResponse:
    batch = _batch(request, number)
    try:
        done = work(batch_id=batch.pk, actor=Actor.of(request.user))
    except CannotUndo as refusal:
        return _page(request, batch, str(refusal), refusal.problems)
    except Refusal as refusal:
        return _page(request, batch, str(refusal))
    if done.job is None or not done.job.is_unfinished:
        messages.success(request, told % batch.file_name)
    return redirect("admin:import_page", number)


@require_GET
@requires(PERMISSION)
def failures(request: HttpRequest, number: str) -> HttpResponseBase:
    """The rows that were not taken in, to correct and upload again."""
    batch = _batch(request, number)
    header, rows = failed_rows(batch)
    return csv_answer(f"{batch.number}-errors", header, rows)


@require_GET
@requires(PERMISSION)
def export(request: HttpRequest, kind: str, form: str) -> HttpResponseBase:
    """Everything of a kind, in the columns that an import understands."""
    importer = _importer(request, kind)
    names = [column.name for column in importer.columns]
    rows = ([values.get(name, "") for name in names] for values in importer.export())
    if form == "csv":
        return csv_answer(kind, names, rows)
    return HttpResponse(
        write_xlsx(kind, names, rows),
        content_type=XLSX,
        headers={
            "Content-Disposition": str(content_disposition_header(True, f"{kind}.xlsx")),
            "Cache-Control": "private, no-store",
        },
    )


def _importer(request: HttpRequest, kind: str) -> Importer:
    for importer in importers(request.user):
        if importer.name == kind:
            return importer
    raise Http404(kind)


def _batch(request: HttpRequest, number: str) -> ImportBatch:
    found = visible_imports(request.user).select_related("job")
    return get_object_or_404(found, number=number)
