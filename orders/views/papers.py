"""The papers of an order: download, and print again as a copy that says so."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.idempotency import once
from oms.core.views import documents
from oms.core.views.acting import act
from orders.views.order import Refused, page_for, render_page


@requires("orders.view_order")
def download(request: HttpRequest, number: str, paper_id: str) -> HttpResponse:
    paper = documents.one_of(page_for(request, number).papers, paper_id)
    return documents.download(request, paper)


@requires("orders.view_order")
@require_POST
@once
def print_again(request: HttpRequest, number: str, paper_id: str) -> HttpResponse:
    paper = documents.one_of(page_for(request, number).papers, paper_id)
    return act(
        request,
        lambda: documents.print_again(paper, actor=Actor.of(request.user)),
        back_to=reverse("orders:order_page", args=[number]) + "#documents",
        refuse=lambda sentence: render_page(request, number, Refused(sentence)),
    )
