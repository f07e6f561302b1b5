"""What an import tells afterwards: the file's figures, what was written, left out and refused."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from channels.file_figures import FileFigures
from channels.order_documents import Rejection
from channels.order_files import Row

EXAMPLES = 20


class RejectedRows:
    """A CSV file with the rows that were not imported: original columns, line and reason."""

    def __init__(self, path: Path | None, header: Sequence[str]) -> None:
        self.path = path
        self._header = [*header, "line", "column", "reason"]
        self._stream: IO[str] | None = None

    def add(self, rejection: Rejection) -> None:
        if self.path is None:
            return
        if self._stream is None:
            # Bytes that are not UTF-8 go back as they came.
            self._stream = self.path.open(
                "w", encoding="utf-8", errors="surrogateescape", newline=""
            )
            csv.writer(self._stream).writerow(self._header)
        width = len(self._header) - 3
        fields = [*rejection.fields[:width], *[""] * (width - len(rejection.fields))]
        if len(rejection.fields) > width:
            fields[-1] = ",".join(rejection.fields[width - 1 :])
        csv.writer(self._stream).writerow(
            [*fields, rejection.line, rejection.column, rejection.reason]
        )

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()


@dataclass(slots=True)
class ImportReport:
    """Filled while an import runs."""

    figures: FileFigures
    rejects: RejectedRows
    imported: Counter[str] = field(default_factory=Counter)
    already_there: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    skipped_lines: dict[str, list[int]] = field(default_factory=dict)
    rejected: int = 0
    problems: int = 0
    first_problems: list[str] = field(default_factory=list)
    stopped_after: int | None = None
    seconds: float = 0.0
    peak_mb: float = 0.0

    def skip(self, rows: Iterable[Row], reason: str) -> None:
        """Rows that mean nothing in this mode, with the reason."""
        for row in rows:
            self.skipped[reason] += 1
            examples = self.skipped_lines.setdefault(reason, [])
            if len(examples) < EXAMPLES:
                examples.append(row.line)

    def reject(self, rejections: Iterable[Rejection]) -> None:
        """Rows that are not imported because something is wrong."""
        for rejection in rejections:
            self.rejected += 1
            self.rejects.add(rejection)
            if not rejection.reason.startswith("Left out because"):
                self.problems += 1
                if len(self.first_problems) < EXAMPLES:
                    self.first_problems.append(str(rejection))

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "file": self.figures.as_dict(self.figures.mapping.zone),
            "imported": dict(sorted(self.imported.items())),
            "already_there": self.already_there,
            "skipped": [
                {"reason": reason, "rows": rows, "lines": self.skipped_lines[reason]}
                for reason, rows in self.skipped.most_common()
            ],
            "rejected": {
                "rows": self.rejected,
                "problems": self.problems,
                "first": self.first_problems,
                "file": str(self.rejects.path) if self.rejected and self.rejects.path else None,
            },
            "stopped_after_orders": self.stopped_after,
            "seconds": round(self.seconds, 2),
            "peak_mb": round(self.peak_mb, 1),
        }
