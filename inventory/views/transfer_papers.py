"""The note that travels with a transfer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.models import Transfer
from inventory.views.transfers import page_for, run
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.idempotency import once
from oms.core.papers import request_paper
from oms.core.views import documents


@requires("inventory.view_transfer")
@require_POST
@once
def draw_note(request: HttpRequest, number: str) -> HttpResponse:
    def work(transfer: Transfer, actor: Actor) -> object:
        return request_paper(
            kind="transfer_note", document_kind="transfer", document_id=transfer.pk,
            locale=get_language() or "en", title=number, actor=actor,
        )  # fmt: skip

    told = _("The transfer note is drawn; it stands under Documents in a moment.")
    return run(request, number, work, told)


@requires("inventory.view_transfer")
def download(request: HttpRequest, number: str, paper_id: str) -> HttpResponse:
    paper = documents.one_of(page_for(request, number).papers, paper_id)
    return documents.download(request, paper)
