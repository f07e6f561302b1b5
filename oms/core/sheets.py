"""Rows as CSV for a spreadsheet: streamed, and without cells that a spreadsheet would run as a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\ufeff"


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def neutral(value: Any) -> Any:
    """A cell as a spreadsheet may open it; text that would be a formula gets an apostrophe.

    Numbers keep their sign: only text can be a formula.
    """
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_BEGINS_A_FORMULA):
        return f"'{value}"
    return value


def csv_lines(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a CSV file, one at a time, in UTF-8 with the mark that spreadsheets look for."""
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK + writer.writerow([neutral(str(each)) for each in header])
    for row in rows:
        yield writer.writerow([neutral(each) for each in row])


def csv_answer(
    name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """A CSV file to save, sent while it is made."""
    return StreamingHttpResponse(
        csv_lines(header, rows),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": str(content_disposition_header(True, f"{name}.csv")),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
