"""Download of papers."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from oms.core.access import staff
from oms.core.models.paper import Paper
from oms.core.papers import DamagedPaper, UnknownPaper, mark_copied, paper_kind, read_paper


@require_GET
@staff
def download(request: HttpRequest, paper_id: int) -> HttpResponse:
    """The PDF as a file to save, for people who may see papers of its kind."""
    return send(request, get_object_or_404(Paper, pk=paper_id))


def send(request: HttpRequest, paper: Paper) -> HttpResponse:
    """The answer with the PDF of a paper, or with the sentence why there is none."""
    if not _may_see(request, paper):
        raise PermissionDenied
    if not paper.is_ready:
        return _not_there(paper)
    try:
        pdf = read_paper(paper)
    except DamagedPaper as error:
        return _sentence(str(error), 409)
    mark_copied([paper.pk])
    return _headers(
        HttpResponse(pdf, content_type="application/pdf"),
        {"Content-Disposition": str(content_disposition_header(True, _file_name(paper)))},
    )


def _may_see(request: HttpRequest, paper: Paper) -> bool:
    try:
        permission = paper_kind(paper.kind).permission
    except UnknownPaper:
        return False
    return request.user.has_perm(permission)


def _not_there(paper: Paper) -> HttpResponse:
    if paper.is_failed:
        return _sentence(gettext("This paper could not be made. Ask for it again."), 409)
    answer = _sentence(gettext("This paper is still being made. Try again in a moment."), 409)
    return _headers(answer, {"Retry-After": "2"})


def _sentence(text: str, status: int) -> HttpResponse:
    plain = HttpResponse(text + "\n", status=status, content_type="text/plain; charset=utf-8")
    return _headers(plain, {})


def _headers(answer: HttpResponse, extra: dict[str, str]) -> HttpResponse:
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    for name, value in extra.items():
        answer.headers[name] = value
    return answer


def _file_name(paper: Paper) -> str:
    name = slugify(f"{paper.kind} {paper.title or paper.pk}".replace("_", " "))
    return f"{name}.pdf"
