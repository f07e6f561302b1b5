"""Handing out papers. The app that owns the document has checked who may see it."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from oms.core.actors import Actor
from oms.core.models import Paper
from oms.core.views.acting import missing


def download(paper: Paper) -> HttpResponse:
    """The file, shown in the browser under its title."""
    if not paper.is_ready:
        raise missing(_("This document is not ready yet. Load the page again in a moment."))
    try:
        content = default_storage.open(paper.storage_key)
    except FileNotFoundError:
        raise missing(_("The file of this document is gone. Print it again.")) from None
    name = f"{slugify(str(paper)) or paper.kind}.pdf"
    answer = FileResponse(content, filename=name, content_type="application/pdf")
    answer["Cache-Control"] = "private, no-store"
    return answer


def request_copy(paper: Paper, *, actor: Actor) -> str:
    """Draw the paper again, marked as a copy."""
    raise NotImplementedError
