"""Take in an order file: read it twice, write it in chunks that each commit or leave nothing."""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now

from channels.exceptions import ImportIsRunning, ImportRefused
from channels.file_figures import FileFigures
from channels.models import ImportedDocument, ImportRun
from channels.order_documents import Document, Survey, documents, survey
from channels.order_files import FileMapping, RowKind, UnknownMapping, load_mapping
from channels.order_lines import UnreadableFile, open_binary, read_rows, sha256_of
from channels.return_matching import ReturnMatcher
from channels.services import master_data
from channels.services.import_history import HistoryWriter
from channels.services.import_live import LiveWriter
from channels.services.import_report import ImportReport, RejectedRows
from oms.core import bulk
from oms.core.actors import Actor
from oms.core.failpoints import failpoint
from orders.models import ExternalReference, SalesChannel

CHUNK_ROWS = 5_000
CHUNK_DOCUMENTS = 500
PROGRESS_ROWS = 2_000

Progress = Callable[[int, int], None]


class Writer(Protocol):
    """One of the two things an import can do with invoices."""

    def write(
        self, chunk: Sequence[Document], report: ImportReport, *, dry_run: bool
    ) -> Sequence[Document]:
        """Write what is new inside the caller's transaction; give back what was taken in."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What to import and how. ``limit`` counts the orders of the file, from its start."""

    path: Path
    mapping: str
    mode: str
    dry_run: bool = False
    limit: int | None = None
    create_products: bool = False
    rejects: Path | None = None


def import_orders(
    request: ImportRequest, *, actor: Actor, on_progress: Progress | None = None
) -> ImportReport:
    """Import a file of orders. What was imported before is left alone, whoever stopped in between.

    Not atomic: every chunk is a transaction of its own, with its resume point.

    :raises ImportRefused: nothing can be imported: the file or the mapping is unusable.
    :raises ImportIsRunning: another import of the same channel has not finished.
    """
    started = time.monotonic()
    try:
        mapping = load_mapping(request.mapping)
        with open_binary(request.path) as stream:
            known = survey(read_rows(stream), mapping)
        channel = master_data.channel_of(mapping)
        with _alone(channel):
            report = _Import(request, mapping, channel, known, actor, on_progress).run()
    except (UnreadableFile, UnknownMapping) as error:
        raise ImportRefused(str(error)) from error
    report.seconds = time.monotonic() - started
    report.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return report


@contextmanager
def _alone(channel: SalesChannel) -> Iterator[None]:
    """One import per channel: a lock of this connection, which a crash gives back at once."""
    key = f"import:{channel.code}"
    if not _ask("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", key):
        raise ImportIsRunning(
            f"Another import into {channel} is running. Wait until it has finished."
        )
    try:
        yield
    finally:
        # With a lost connection the lock is gone too; the error that lost it is the one to show.
        with suppress(InterfaceError, OperationalError):
            _ask("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", key)


def _ask(sql: str, key: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [key])
        return bool(cursor.fetchone()[0])


@dataclass(slots=True)
class _Import:
    """One start of an import: the state that its steps share."""

    request: ImportRequest
    mapping: FileMapping
    channel: SalesChannel
    known: Survey
    actor: Actor
    on_progress: Progress | None
    report: ImportReport = field(init=False)
    writer: Writer = field(init=False)
    run_row: ImportRun = field(init=False)
    file_matcher: ReturnMatcher = field(init=False)
    counts_before: Counter[str] = field(default_factory=Counter)
    rows_read: int = 0
    orders_read: int = 0

    def run(self) -> ImportReport:
        self.report = ImportReport(
            FileFigures(self.mapping), RejectedRows(self.request.rejects, self.known.header)
        )
        self.file_matcher = ReturnMatcher(self.known.returned_pairs)
        self.writer = self._writer()
        if not self.request.dry_run:
            self.run_row = self._open_run()
            self.counts_before = Counter(self.run_row.counts)
        try:
            with open_binary(self.request.path) as stream:
                rows = read_rows(stream)
                next(rows)
                self._take(documents(rows, self.known))
        finally:
            self.report.rejects.close()
        if not self.request.dry_run and self.report.stopped_after is None:
            ImportRun.objects.filter(pk=self.run_row.pk).update(
                finished_at=Now(), rejected=self.report.rejected
            )
        return self.report

    def _writer(self) -> Writer:
        if self.request.mode == ImportRun.Mode.HISTORY:
            return HistoryWriter(self.mapping, self.channel, self.known, self.actor)
        return LiveWriter(
            self.mapping, self.channel, self.known, self.actor, self.request.create_products
        )

    def _open_run(self) -> ImportRun:
        row, _ = ImportRun.objects.get_or_create(
            channel=self.channel,
            file_sha256=sha256_of(self.request.path),
            mode=self.request.mode,
            defaults={
                "file_name": self.request.path.name[:255],
                "mapping": self.mapping.name,
                "actor_label": self.actor.label,
            },
        )
        return row

    def _take(self, found: Iterator[Document | object]) -> None:
        chunk: list[Document] = []
        waiting = 0
        for each in found:
            if not isinstance(each, Document):
                self.rows_read += 1
                self.report.reject([each])  # type: ignore[list-item]
                continue
            self._count(each)
            waiting += len(each.raw)
            if each.rejections:
                self.report.reject(each.reject("", ""))
            else:
                chunk.append(each)
            if waiting >= CHUNK_ROWS or len(chunk) >= CHUNK_DOCUMENTS:
                self._flush(chunk)
                chunk, waiting = [], 0
            if self.orders_read == self.request.limit:
                self.report.stopped_after = self.orders_read
                break
        self._flush(chunk)

    def _count(self, document: Document) -> None:
        before = self.rows_read
        self.rows_read += len(document.raw)
        if self.on_progress and before // PROGRESS_ROWS != self.rows_read // PROGRESS_ROWS:
            self.on_progress(self.rows_read, self.known.rows)
        if not document.rows:
            return
        figures = self.report.figures
        figures.add_document(document.rows)
        self.file_matcher.remember(document.rows)
        for row in document.rows:
            if row.kind is RowKind.RETURN:
                figures.matches.add(row, self.file_matcher.match(row))
        self.orders_read += document.is_order and not document.rejections

    def _flush(self, chunk: Sequence[Document]) -> None:
        if not chunk:
            return
        new = self._new_ones(chunk)
        if self.request.dry_run:
            self.writer.write(new, self.report, dry_run=True)
            return
        with transaction.atomic():
            taken = self.writer.write(new, self.report, dry_run=False)
            bulk.copy(
                ImportedDocument,
                ["channel", "external_id", "digest", "run"],
                [(self.channel.pk, d.invoice, d.digest(), self.run_row.pk) for d in taken],
            )
            ImportRun.objects.filter(pk=self.run_row.pk).update(
                position=self.rows_read,
                counts=dict(self.counts_before + self.report.imported),
                rejected=self.report.rejected,
            )
            failpoint("import.before_chunk_commit")
        failpoint("import.after_chunk_commit")

    def _new_ones(self, chunk: Sequence[Document]) -> list[Document]:
        """The invoices that the channel does not know; the others are counted or refused."""
        ids = [document.invoice for document in chunk]
        imported = dict(
            ImportedDocument.objects.filter(channel=self.channel, external_id__in=ids).values_list(
                "external_id", "digest"
            )
        )
        references = ExternalReference.objects.filter(channel=self.channel, external_id__in=ids)
        known = set(references.values_list("external_id", flat=True)) - imported.keys()
        new = []
        for document in chunk:
            if problem := self._duplicate(document, imported, known):
                column = self.mapping.columns["invoice"]
                self.report.reject(document.reject(column, problem))
            elif document.invoice in imported:
                self.report.already_there += len(document.rows)
            else:
                new.append(document)
        return new

    @staticmethod
    def _duplicate(document: Document, imported: dict[str, str], known: set[str]) -> str | None:
        if document.invoice in known:
            return f"{document.invoice} is in this channel already, from another source."
        if document.invoice in imported and imported[document.invoice] != document.digest():
            return f"{document.invoice} was imported before, with other contents."
        return None


__all__ = ["ImportRefused", "ImportRequest", "import_orders"]
