"""What the import pages show: the files that a person may see, and the rows of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from oms.core import listing, workflow
from oms.core.imports import Importer, importer_named, importers
from oms.core.listing import Listing, ListPage, Sort, View
from oms.core.models import ImportBatch, ImportRow

SHOWN_CHANGES = 8

IMPORTS = Listing(
    name="imports",
    views=(View("all", _("All"), lambda rows: rows),),
    sorts=(Sort("newest", _("Uploaded"), "id"),),
    page_size=25,
)
IMPORT_HEADS = (
    (_("Number"), "", ""),
    (_("File"), "", ""),
    (_("Holds"), "", ""),
    (_("Rows"), "", "num"),
    (_("By"), "", ""),
    (_("Uploaded"), "newest", ""),
    (_("Status"), "", ""),
)


def _of(outcome: str) -> Any:
    return lambda rows: rows.filter(outcome=outcome)


ROWS = Listing(
    name="import_rows",
    views=(
        View("all", _("All rows"), lambda rows: rows),
        View("error", _("Errors"), _of("error"), hot=True),
        View("new", _("New"), _of("new")),
        View("changed", _("Changed"), _of("changed")),
        View("unchanged", _("Unchanged"), _of("unchanged")),
    ),
    sorts=(Sort("row", _("Row"), "row_number", descending=False),),
)
ROW_HEADS = (
    (_("Row"), "row", "num"),
    (_("Known as"), "", ""),
    (_("Outcome"), "", ""),
    (_("What it says"), "", ""),
)


def visible_imports(user: Any) -> QuerySet[ImportBatch]:
    """The files of the kinds that a person may take in."""
    return ImportBatch.objects.filter(kind__in=[each.name for each in importers(user)])


@dataclass(frozen=True, slots=True)
class BatchRow:
    batch: ImportBatch
    kind_label: str | Promise


def import_list(user: Any, params: QueryDict) -> tuple[ListPage, list[BatchRow]]:
    """The uploaded files, the newest first."""
    found = listing.load(IMPORTS, params, visible_imports(user), heads=IMPORT_HEADS)
    labels = {each.name: each.label for each in importers(user)}
    return found, [BatchRow(each, labels[each.kind]) for each in found.page.rows]


@dataclass(frozen=True, slots=True)
class CellChange:
    """A column with its old and its new text."""

    label: str | Promise
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of a file as the preview shows it."""

    row: ImportRow
    changes: list[CellChange]
    more: int
    problems: list[tuple[str | Promise, str]]

    @property
    def tone(self) -> str:
        return {"error": "danger", "new": "success", "changed": "info"}.get(self.row.outcome, "")


@dataclass(frozen=True, slots=True)
class BatchPage:
    """A file: its rows, how many there are of each kind, and what may be done with it."""

    batch: ImportBatch
    importer: Importer
    counts: dict[str, int]
    ignored: list[str]

    @property
    def wanted(self) -> int:
        """How many rows change something."""
        return self.counts.get("new", 0) + self.counts.get("changed", 0)

    @property
    def errors(self) -> int:
        return self.counts.get("error", 0)

    @property
    def can_import(self) -> bool:
        return self._can("take_in") and self.wanted > 0

    @property
    def can_discard(self) -> bool:
        return self._can("discard")

    @property
    def can_undo(self) -> bool:
        return self._can("undo") and self.wanted > 0

    def _can(self, move: str) -> bool:
        busy = self.batch.job is not None and self.batch.job.is_unfinished
        return not busy and workflow.refusal(self.batch, move) is None


def batch_page(batch: ImportBatch) -> BatchPage:
    """The head of a file's page: one statement for the counts."""
    rows = batch.rows.values_list("outcome").annotate(n=Count("pk"))
    return BatchPage(
        batch=batch,
        importer=importer_named(batch.kind),
        counts=dict(rows.order_by("outcome")),
        ignored=[header for header, name in batch.columns if header and not name],
    )


def batch_rows(page: BatchPage, params: QueryDict) -> tuple[ListPage, list[RowView]]:
    """One page of the rows of a file."""
    found = listing.load(ROWS, params, page.batch.rows.all(), heads=ROW_HEADS)
    return found, [_row_view(page.importer, row) for row in found.page.rows]


def _row_view(importer: Importer, row: ImportRow) -> RowView:
    labels = {column.name: column.label for column in importer.columns}
    changed = {name: (old, new) for name, old, new in row.changes}
    changes = [
        CellChange(label, *changed[name])
        for name, label in labels.items()
        if name in changed and name not in importer.key
    ]
    return RowView(
        row=row,
        changes=changes[:SHOWN_CHANGES],
        more=max(len(changes) - SHOWN_CHANGES, 0),
        problems=[(labels.get(name, ""), sentence) for name, sentence in row.problems],
    )


def failed_rows(batch: ImportBatch) -> tuple[list[str], Iterator[list[str]]]:
    """The rows that were not taken in, as they were given, each with what is wrong."""
    headers = [header for header, _name in batch.columns]
    rows = batch.rows.filter(outcome=ImportRow.Outcome.ERROR).order_by("row_number")

    def lines() -> Iterator[list[str]]:
        for row in rows.iterator():
            sentences = " ".join(sentence for _name, sentence in row.problems)
            yield [*(row.given.get(header, "") for header in headers), sentences]

    return [*headers, str(_("What is wrong"))], lines()
