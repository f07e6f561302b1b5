"""Papers on the page of their document: the app that owns it has checked who may see it."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from oms.core import activity
from oms.core.actors import Actor
from oms.core.models import Paper
from oms.core.papers import request_paper, retry_paper
from oms.core.views.acting import missing
from oms.core.views.papers import send


def one_of(papers: Iterable[Paper], paper_id: str) -> Paper:
    """The paper of this id among those on the page of its document.

    :raises Http404: it is not among them.
    """
    for paper in papers:
        if paper.pk == int(paper_id):
            return paper
    raise missing(_("There is no such document."))


def download(request: HttpRequest, paper: Paper) -> HttpResponse:
    """The PDF, for people who may also see papers of its kind."""
    return send(request, paper)


def print_again(paper: Paper, *, actor: Actor) -> str:
    """Draw the paper anew, marked as a copy; a failed one is drawn for the first time.

    :raises Refusal: it is being drawn already.
    """
    if paper.is_failed:
        retry_paper(paper_id=paper.pk, actor=actor)
        return _("%s is drawn again.") % paper
    title = paper.title if paper.is_copy else f"{paper}, {_('copy')}"
    request_paper(
        kind=paper.kind,
        document_kind=paper.document_kind,
        document_id=paper.document_id,
        locale=paper.locale,
        title=title[:100],
        is_copy=True,
        actor=actor,
    )
    entry = activity.Entry(paper.document_kind, paper.document_id, "printed", note=title)
    activity.record_all([entry], actor=actor)
    return _("%s is drawn; it stands under Documents in a moment.") % title
