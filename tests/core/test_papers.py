import hashlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from pypdf import PdfReader

from oms.core import checks, papers
from oms.core.actors import SYSTEM
from oms.core.exceptions import Refusal
from oms.core.models import User
from oms.core.models.case import Case
from oms.core.models.paper import Paper
from oms.core.paper_files import write_file
from oms.core.papers import (
    DamagedPaper,
    UnknownPaper,
    read_paper,
    register_paper,
    render_paper,
    request_paper,
    retry_paper,
    ring_queued_papers,
)
from oms.core.views.documents import one_of
from oms.core.views.papers import download

Request = Callable[..., Paper]


class Slip:
    """A composer whose text and temper can be changed."""

    def __init__(self) -> None:
        self.number = "SH-20931"
        self.error: Exception | None = None
        self.asked: list[tuple[int, str]] = []

    def __call__(self, document_id: int, locale: str) -> tuple[str, dict[str, Any]]:
        self.asked.append((document_id, locale))
        if self.error:
            raise self.error
        return "papers/base.html", {"title": "Packing slip", "number": self.number}


@pytest.fixture
def slip(monkeypatch: Any) -> Slip:
    composer = Slip()
    monkeypatch.setattr(papers, "_kinds", {})
    register_paper("packing_slip", composer, permission="core.view_paper")
    return composer


@pytest.fixture
def ask(transactional_db: None, slip: Slip, settings: Any, tmp_path: Path) -> Request:
    settings.MEDIA_ROOT = str(tmp_path / "media")

    def request(**changes: Any) -> Paper:
        return request_paper(
            **{
                "kind": "packing_slip",
                "document_kind": "shipment",
                "document_id": 7,
                "title": "SH-20931",
                "actor": SYSTEM,
            }
            | changes
        )

    return request


def fresh(paper: Paper) -> Paper:
    return Paper.objects.get(pk=paper.pk)


def files() -> list[str]:
    root = Path(default_storage.location)
    return [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]


def make_due() -> None:
    Paper.objects.update(queued_at=timezone.now() - timedelta(minutes=1))


def test_a_requested_paper_is_drawn_and_stored(ask: Request, slip: Slip) -> None:
    paper = ask(locale="de")

    render_paper(paper.pk)

    ready = fresh(paper)
    pdf = read_paper(ready)
    assert ready.state == "ready"
    assert pdf.startswith(b"%PDF-")
    assert (ready.sha256, ready.size, ready.pages) == (
        hashlib.sha256(pdf).hexdigest(),
        len(pdf),
        1,
    )
    assert files() == [ready.storage_key]
    assert slip.asked == [(7, "de")]
    assert ready.ready_at is not None


def test_a_copy_says_on_every_page_that_it_is_one(ask: Request) -> None:
    original, copied = ask(), ask(title="SH-20931, copy", is_copy=True)
    assert original.pk != copied.pk

    for paper in (original, copied):
        render_paper(paper.pk)

    texts = [
        [page.extract_text() for page in PdfReader(BytesIO(read_paper(fresh(paper)))).pages]
        for paper in (original, copied)
    ]
    assert ["COPY" in text for pages in texts for text in pages] == [False, True]


def test_drawing_twice_makes_one_file(ask: Request, slip: Slip) -> None:
    paper = ask()
    render_paper(paper.pk)
    key = fresh(paper).storage_key

    render_paper(paper.pk)

    assert files() == [key]
    assert len(slip.asked) == 1


def test_a_paper_that_waits_is_not_requested_twice(ask: Request) -> None:
    waiting = ask()
    assert ask().pk == waiting.pk
    assert ask(locale="de").pk != waiting.pk

    render_paper(waiting.pk)

    assert ask().pk != waiting.pk


def test_a_request_during_drawing_draws_once_more(ask: Request, slip: Slip) -> None:
    paper = ask()
    original = slip.__call__

    def changed_meanwhile(document_id: int, locale: str) -> tuple[str, dict[str, Any]]:
        composed = original(document_id, locale)
        papers._kinds["packing_slip"] = papers.PaperKind("packing_slip", slip, "core.view_paper")
        assert ask().pk == paper.pk
        return composed

    papers._kinds["packing_slip"] = papers.PaperKind("packing_slip", changed_meanwhile, "")
    render_paper(paper.pk)
    assert (fresh(paper).state, files()) == ("queued", [])

    render_paper(paper.pk)

    assert fresh(paper).state == "ready"
    assert len(slip.asked) == 2


def test_a_kind_that_nobody_makes_is_refused(ask: Request) -> None:
    with pytest.raises(UnknownPaper, match="'passport'"):
        ask(kind="passport")

    assert not Paper.objects.exists()


def test_a_kind_has_one_composer(slip: Slip) -> None:
    register_paper("packing_slip", slip, permission="core.view_paper")

    with pytest.raises(ValueError, match="Two apps"):
        register_paper("packing_slip", Slip(), permission="core.view_paper")


def test_drawing_inside_a_transaction_is_a_programming_error(ask: Request) -> None:
    paper = ask()

    with pytest.raises(RuntimeError, match="never inside one"), transaction.atomic():
        render_paper(paper.pk)

    assert fresh(paper).attempts == 0


def test_a_paper_that_cannot_be_composed_fails_and_can_be_made_again(
    ask: Request, slip: Slip
) -> None:
    paper = ask()
    slip.error = KeyError("carrier")

    render_paper(paper.pk)

    assert (fresh(paper).state, fresh(paper).error) == ("failed", "KeyError: 'carrier'")
    case = Case.objects.get()
    assert case.sentence == "The paper “SH-20931” could not be made."
    assert (case.document_kind, case.document_id, case.proposed_fix) == (
        "shipment",
        7,
        "retry_paper",
    )

    slip.error = None
    retry_paper(paper_id=paper.pk, actor=SYSTEM)
    render_paper(paper.pk)

    assert fresh(paper).state == "ready"
    assert Case.objects.get().closed_at is not None


def test_only_a_failed_paper_is_made_again(ask: Request, slip: Slip) -> None:
    paper = ask()
    with pytest.raises(Refusal, match="could not be made"):
        retry_paper(paper_id=paper.pk, actor=SYSTEM)

    slip.error = ValueError("x")
    render_paper(paper.pk)
    ask()
    with pytest.raises(Refusal, match="being made already"):
        retry_paper(paper_id=paper.pk, actor=SYSTEM)

    assert fresh(paper).state == "failed"


def test_trouble_with_the_storage_is_tried_five_times(
    ask: Request, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "no_folder").write_text("a file")
    settings.MEDIA_ROOT = str(tmp_path / "no_folder")
    paper = ask()

    for attempt in range(1, 6):
        assert (fresh(paper).state, fresh(paper).attempts) == ("queued", attempt - 1)
        render_paper(paper.pk)
        make_due()

    assert fresh(paper).state == "failed"
    assert fresh(paper).error == "The storage did not take it: Not a directory."


def test_a_full_disk_leaves_no_half_file(ask: Request) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_file(default_storage, "papers/large.pdf", b"x" * 2_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert files() == []


def test_a_paper_that_kills_every_worker_fails(ask: Request) -> None:
    paper = ask()
    Paper.objects.update(attempts=5)

    render_paper(paper.pk)

    assert fresh(paper).state == "failed"
    assert "never came to an end" in fresh(paper).error


def test_the_sweeper_finds_papers_whose_doorbell_was_lost(ask: Request) -> None:
    paper = ask()
    assert ring_queued_papers() == 0

    make_due()
    assert ring_queued_papers() == 1

    render_paper(paper.pk)
    make_due()
    assert ring_queued_papers() == 0


def test_a_changed_or_missing_file_is_not_handed_out(ask: Request) -> None:
    paper = ask()
    render_paper(paper.pk)
    ready = fresh(paper)
    path = Path(default_storage.path(ready.storage_key))

    path.write_bytes(b"%PDF-forged")
    with pytest.raises(DamagedPaper, match="has changed"):
        read_paper(ready)
    path.unlink()
    with pytest.raises(DamagedPaper, match="is missing"):
        read_paper(ready)


def test_the_table_refuses_a_ready_paper_without_its_file(ask: Request) -> None:
    paper = ask()

    with pytest.raises(IntegrityError, match="paper_ready_has_its_file"), transaction.atomic():
        Paper.objects.filter(pk=paper.pk).update(state="ready")


# --- Download -----------------------------------------------------------------------------------


@pytest.fixture
def manager(transactional_db: None) -> User:
    return User.objects.create_superuser("manager", password="x")


def get(user: Any, paper_id: int) -> HttpResponse:
    request = RequestFactory().get("/")
    request.user = user
    return download(request, paper_id)


def test_a_paper_downloads_as_an_attachment_and_is_counted(ask: Request, manager: User) -> None:
    paper = ask()
    render_paper(paper.pk)

    answer = get(manager, paper.pk)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == 'attachment; filename="packing-slip-sh-20931.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.content == read_paper(fresh(paper))
    assert fresh(paper).copies == 1


def test_people_without_the_kinds_permission_get_nothing(ask: Request) -> None:
    paper = ask()
    render_paper(paper.pk)
    packer = User.objects.create_user("packer", is_staff=True)
    customer = User.objects.create_user("customer")

    for user in (packer, customer):
        with pytest.raises(PermissionDenied):
            get(user, paper.pk)
    assert get(AnonymousUser(), paper.pk).status_code == 302

    assert fresh(paper).copies == 0


def test_a_paper_of_a_kind_that_is_gone_is_nobodys(
    ask: Request, manager: User, monkeypatch: Any
) -> None:
    paper = ask()
    render_paper(paper.pk)
    monkeypatch.setattr(papers, "_kinds", {})

    with pytest.raises(PermissionDenied):
        get(manager, paper.pk)


def test_what_is_not_there_says_so(ask: Request, manager: User, slip: Slip) -> None:
    with pytest.raises(Http404):
        get(manager, 999)
    paper = ask()
    early = get(manager, paper.pk)
    slip.error = ValueError("x")
    render_paper(paper.pk)
    failed = get(manager, paper.pk)

    assert (early.status_code, early["Retry-After"]) == (409, "2")
    assert early.content == b"This paper is still being made. Try again in a moment.\n"
    assert (failed.status_code, failed.content) == (
        409,
        b"This paper could not be made. Ask for it again.\n",
    )


# --- Killed workers -----------------------------------------------------------------------------

RENDER = """
import django; django.setup()
from oms.core import papers
from oms.core.papers import register_paper, render_paper
papers._kinds.clear()
register_paper("packing_slip", lambda pk, locale: ("papers/base.html", {{}}), permission="x.y")
render_paper({})
"""


@pytest.mark.parametrize("point", ["paper.claimed", "paper.stored"])
def test_a_killed_worker_loses_no_paper(ask: Request, settings: Any, point: str) -> None:
    paper = ask()
    killed = _render_in_a_child(paper, settings, point)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    render_paper(paper.pk)
    assert fresh(paper).state == "queued"

    make_due()
    assert ring_queued_papers() == 1
    render_paper(paper.pk)

    assert (fresh(paper).state, fresh(paper).attempts) == ("ready", 2)


def _render_in_a_child(paper: Paper, settings: Any, point: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DATABASE_NAME": str(connection.settings_dict["NAME"]),
        "MEDIA_ROOT": settings.MEDIA_ROOT,
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "tests.settings"),
        "OMS_FAILPOINT": point,
    }
    return subprocess.run(
        [sys.executable, "-c", RENDER.format(paper.pk)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(autouse=True)
def needs_pango() -> None:
    if checks.papers_can_be_drawn():
        pytest.skip("Pango is not installed: no PDF can be made here")


def test_a_paper_is_found_only_among_those_of_its_document() -> None:
    slip, invoice = Paper(pk=7), Paper(pk=8)

    assert one_of([slip, invoice], "8") is invoice
    with pytest.raises(Http404, match="There is no such document"):
        one_of([slip, invoice], "9")
