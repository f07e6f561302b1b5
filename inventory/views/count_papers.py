"""The count sheet: drawn on demand, with an empty column to write into."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.models import StockCount
from inventory.views.counts import page_for, render_page
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.idempotency import once
from oms.core.papers import request_paper
from oms.core.views import documents
from oms.core.views.acting import act


@requires("inventory.view_stockcount")
@require_POST
@once
def draw_sheet(request: HttpRequest, number: str) -> HttpResponse:
    count: StockCount = page_for(request, number).count

    def work() -> str:
        request_paper(
            kind="count_sheet", document_kind="stockcount", document_id=count.pk,
            locale=get_language() or "en", title=number, actor=Actor.of(request.user),
        )  # fmt: skip
        return _("The count sheet is drawn; it stands under Documents in a moment.")

    return act(
        request,
        work,
        back_to=reverse("inventory:stockcount_page", args=[number]) + "#documents",
        refuse=lambda sentence: render_page(request, number, sentence),
    )


@requires("inventory.view_stockcount")
def download(request: HttpRequest, number: str, paper_id: str) -> HttpResponse:
    paper = documents.one_of(page_for(request, number).papers, paper_id)
    return documents.download(request, paper)
