"""Papers: PDFs that belong to documents, drawn by a worker after the change they show.

An app registers how each kind of paper is composed; anybody requests one in a transaction. A paper
that cannot be drawn keeps its document as it is, says why, and can be retried.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection, models, transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import translation

from oms.core import activity, cases, jobs
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.failpoints import failpoint
from oms.core.models.paper import Paper
from oms.core.paper_files import delete_file, read_file, write_file
from oms.core.pdf import join_pdfs, page_count, render_html_to_pdf

__all__ = [
    "PaperKind",
    "join_pdfs",
    "mark_copied",
    "paper_kind",
    "read_paper",
    "register_paper",
    "render_html_to_pdf",
    "render_paper",
    "request_paper",
    "retry_paper",
    "ring_queued_papers",
]

RENDER_TASK = "oms.core.tasks.render_paper"
QUEUE = "documents"
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 5

Composer = Callable[[int, str], tuple[str, Mapping[str, Any]]]
"""Document id and locale → template name and context; called outside any transaction."""


@dataclass(frozen=True, slots=True)
class PaperKind:
    """How a kind of paper is made, and the permission that lets people download it."""

    name: str
    composer: Composer
    permission: str


class UnknownPaper(LookupError):
    """No app registered this kind of paper."""


class DamagedPaper(Refusal):
    """The stored file is missing or is not the one that was drawn."""


_kinds: dict[str, PaperKind] = {}


def register_paper(kind: str, composer: Composer, *, permission: str) -> None:
    """Let papers of a kind be requested; an app calls it once, in ``ready()``."""
    known = _kinds.get(kind)
    if known and known.composer is not composer:
        raise ValueError(f"Two apps compose papers of the kind {kind!r}.")
    _kinds[kind] = PaperKind(kind, composer, permission)


def paper_kind(kind: str) -> PaperKind:
    """What was registered for a kind.

    :raises UnknownPaper: nothing was.
    """
    try:
        return _kinds[kind]
    except KeyError:
        raise UnknownPaper(f"No app makes papers of the kind {kind!r}.") from None


@transaction.atomic
def request_paper(
    *,
    kind: str,
    document_kind: str,
    document_id: int,
    actor: Actor,
    locale: str = "en",
    title: str = "",
    is_copy: bool = False,
) -> Paper:
    """Ask for a paper of a document; it is drawn after the commit.

    A copy says on every page that it is one. While the same paper is still waiting to be drawn, that one is given back; one that is just
    being drawn is drawn again, because it may not show what this transaction changes.

    :raises UnknownPaper: no app makes this kind.
    """
    paper_kind(kind)
    wanted = Paper(
        kind=kind,
        document_kind=document_kind,
        document_id=document_id,
        locale=locale,
        title=title,
        is_copy=is_copy,
        requested_by=actor.label,
    )
    # A worker may finish the waiting one between the two statements; then the next round inserts.
    while not _queued_like(wanted).update(queued_at=Now()):
        Paper.objects.bulk_create([wanted], ignore_conflicts=True)
    paper = _queued_like(wanted).get()
    jobs.enqueue(RENDER_TASK, queue=QUEUE, paper_id=paper.pk)
    return paper


def render_paper(paper_id: int) -> None:
    """Draw a queued paper and store it; do nothing when it is drawn, failed or being drawn.

    Call it outside any transaction. Trouble with the storage is tried again, five times; what would
    fail the same way again marks the paper failed and opens a case.
    """
    if connection.in_atomic_block:
        raise RuntimeError("Papers are drawn after the transaction, never inside one.")
    paper = _claim(paper_id)
    if paper is None:
        return
    if paper.attempts > MAX_ATTEMPTS:
        _fail(paper, "Drawing was begun five times and never came to an end.")
        return
    failpoint("paper.claimed")
    try:
        pdf = _draw(paper)
        key = write_file(default_storage, _storage_key(paper), pdf)
    except OSError as error:
        _wait_or_fail(paper, f"The storage did not take it: {error.strerror or error}.")
    except Exception as error:  # noqa: BLE001 - a composer may fail in any way; the row says how
        _fail(paper, f"{type(error).__name__}: {error}")
    else:
        failpoint("paper.stored")
        _finish(paper, key, pdf)


def ring_queued_papers(*, limit: int = 1_000) -> int:
    """Wake a worker for papers whose doorbell was lost or whose worker died; the sweeper's part."""
    waiting = Paper.objects.filter(
        state=Paper.State.QUEUED, queued_at__lt=Now() - timedelta(seconds=30)
    )
    rung = list(waiting.order_by("queued_at").values_list("pk", flat=True)[:limit])
    for pk in rung:
        if not jobs.send(RENDER_TASK, queue=QUEUE, paper_id=pk):
            break
    return len(rung)


@transaction.atomic
def retry_paper(*, paper_id: int, actor: Actor) -> Paper:
    """Draw a failed paper again and close its case.

    :raises Refusal: the paper has not failed, or the same one is being made already.
    """
    try:
        paper = Paper.objects.select_for_update().get(pk=paper_id, state=Paper.State.FAILED)
    except Paper.DoesNotExist:
        raise Refusal("Only a paper that could not be made can be made again.") from None
    if _queued_like(paper).exists():
        raise Refusal("This paper is being made already.")
    Paper.objects.filter(pk=paper_id).update(
        state=Paper.State.QUEUED, attempts=0, queued_at=Now(), requested_by=actor.label
    )
    cases.close_case(_cause(paper), actor=actor)
    entry = activity.Entry(paper.document_kind, paper.document_id, "paper retried", note=str(paper))
    activity.record_all([entry], actor=actor)
    jobs.enqueue(RENDER_TASK, queue=QUEUE, paper_id=paper_id)
    return Paper.objects.get(pk=paper_id)


def read_paper(paper: Paper) -> bytes:
    """The PDF as it was drawn.

    :raises DamagedPaper: the file is gone or has changed since.
    """
    try:
        pdf = read_file(default_storage, paper.storage_key)
    except OSError:
        raise DamagedPaper("The file of this paper is missing; make the paper again.") from None
    if hashlib.sha256(pdf).hexdigest() != paper.sha256:
        raise DamagedPaper("The file of this paper has changed; make the paper again.")
    return pdf


def mark_copied(paper_ids: list[int]) -> None:
    """Count one more copy of each paper that was handed out."""
    papers = Paper.objects.filter(pk__in=paper_ids, state=Paper.State.READY)
    papers.update(copies=models.F("copies") + 1)


def _claim(paper_id: int) -> Paper | None:
    # The time it becomes due again is the lease: a worker that dies leaves it to the sweeper.
    due = Paper.objects.filter(pk=paper_id, state=Paper.State.QUEUED, queued_at__lte=Now())
    claimed = due.update(attempts=models.F("attempts") + 1, queued_at=Now() + LEASE)
    return Paper.objects.get(pk=paper_id) if claimed else None


def _draw(paper: Paper) -> bytes:
    composer = paper_kind(paper.kind).composer
    with translation.override(paper.locale):
        template, context = composer(paper.document_id, paper.locale)
        html = render_to_string(template, {**context, "is_copy": paper.is_copy})
    return render_html_to_pdf(html)


def _storage_key(paper: Paper) -> str:
    return f"papers/{paper.created_at:%Y/%m}/{paper.pk}-{secrets.token_hex(8)}.pdf"


def _finish(paper: Paper, key: str, pdf: bytes) -> None:
    pages = page_count(pdf)
    with transaction.atomic():
        finished = _queued(paper).update(
            state=Paper.State.READY,
            storage_key=key,
            sha256=hashlib.sha256(pdf).hexdigest(),
            size=len(pdf),
            pages=pages,
            ready_at=Now(),
            error="",
        )
        cases.close_case(_cause(paper))
    if not finished:
        delete_file(default_storage, key)


def _wait_or_fail(paper: Paper, reason: str) -> None:
    if paper.attempts >= MAX_ATTEMPTS:
        _fail(paper, reason)
    else:
        wait = timedelta(minutes=2 ** (paper.attempts - 1))
        _queued(paper).update(queued_at=Now() + wait, error=reason)


def _fail(paper: Paper, reason: str) -> None:
    with transaction.atomic():
        if _queued(paper).update(state=Paper.State.FAILED, error=reason.replace("\0", "")[:2000]):
            cases.open_case(
                kind="paper_failed",
                dedupe_key=_cause(paper),
                sentence=f"The paper “{paper}” could not be made.",
                proposed_fix="retry_paper",
                document_kind=paper.document_kind,
                document_id=paper.document_id,
            )


def _queued(paper: Paper) -> models.QuerySet[Paper]:
    """The row while our claim stands: a new request or another worker moves ``queued_at``."""
    return Paper.objects.filter(pk=paper.pk, state=Paper.State.QUEUED, queued_at=paper.queued_at)


def _queued_like(paper: Paper) -> models.QuerySet[Paper]:
    return Paper.objects.filter(
        kind=paper.kind,
        document_kind=paper.document_kind,
        document_id=paper.document_id,
        locale=paper.locale,
        is_copy=paper.is_copy,
        state=Paper.State.QUEUED,
    )


def _cause(paper: Paper) -> str:
    return f"paper:{paper.document_kind}:{paper.document_id}:{paper.kind}:{paper.locale}"
