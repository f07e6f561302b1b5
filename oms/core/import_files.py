"""Uploaded tables, CSV or XLSX, as rows of text. What is too large, or is neither, is refused."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from io import BytesIO, StringIO
from itertools import chain
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

from oms.core.exceptions import Refusal
from oms.core.sheets import neutral

MAX_BYTES = 10 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 100
MAX_CELL = 2_000
MAX_LETTERS = 50_000_000
_ZIP = b"PK\x03\x04"
_DELIMITERS = ",;\t|"


class UnreadableFile(Refusal):
    """The file is no table that can be taken in."""


def read_table(content: bytes) -> list[list[str]]:
    """The rows of a file, the header first; empty rows stay, as empty lists, so that numbers fit.

    :raises UnreadableFile: it is too large, or no CSV and no XLSX file.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableFile(
            f"The file is larger than {MAX_BYTES // 1024**2} MB: split it into several."
        )
    rows = _limited(_read_xlsx(content) if content.startswith(_ZIP) else _read_csv(content))
    if not rows or not any(rows[0]):
        raise UnreadableFile("The first row of the file has to name the columns.")
    if len(rows) == 1:
        raise UnreadableFile("The file has a header, but no rows.")
    return rows


def _limited(rows: Iterable[Sequence[Any]]) -> list[list[str]]:
    found: list[list[str]] = []
    letters = 0
    for row in rows:
        if any(_text(value) for value in row[MAX_COLUMNS:] if value is not None):
            raise UnreadableFile(f"The file has more than {MAX_COLUMNS} columns.")
        cells = [_text(value) for value in row[:MAX_COLUMNS]]
        while cells and not cells[-1]:
            cells.pop()
        found.append(cells)
        # A workbook keeps a text once, however many cells show it.
        letters += sum(map(len, cells))
        if letters > MAX_LETTERS:
            raise UnreadableFile(f"The file has more than {MAX_LETTERS:,} letters: split it.")
        if len(found) > MAX_ROWS + 1:
            raise UnreadableFile(f"The file has more than {MAX_ROWS:,} rows: split it.")
    while found and not found[-1]:
        found.pop()
    return found


def _read_csv(content: bytes) -> Iterator[list[str]]:
    text = _decoded(content)
    header = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        yield from csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise UnreadableFile(f"The file cannot be read as CSV: {error}.") from None


def _decoded(content: bytes) -> str:
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile("The file is neither CSV nor XLSX.")
    encodings = ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ()
    for encoding in (*encodings, "utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFile("The file is neither CSV nor XLSX, or its letters are in no known code.")


def _read_xlsx(content: bytes) -> Iterator[Sequence[Any]]:
    try:
        _need_size_inside(content)
        book = load_workbook(BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        yield from sheet.iter_rows(values_only=True)
    except UnreadableFile:
        raise
    except Exception as error:
        # openpyxl raises whatever its parsers raise; all of it means the same.
        raise UnreadableFile(
            "The file cannot be read as XLSX: save it again, or as CSV."
        ) from error


def _need_size_inside(content: bytes) -> None:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        if sum(each.file_size for each in archive.infolist()) > MAX_UNPACKED:
            raise UnreadableFile("The file is much larger inside than outside.")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date | time):
        return value.isoformat()
    text = str(value).strip()
    if "\0" in text:
        raise UnreadableFile("The file contains characters that cannot be stored.")
    if len(text) > MAX_CELL:
        raise UnreadableFile(f"A cell holds more than {MAX_CELL:,} letters: {text[:40]}…")
    # The apostrophe that keeps a text from being a formula in our own files.
    return text[1:] if text[:1] == "'" and neutral(text[1:]) != text[1:] else text


def write_xlsx(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with one sheet, every cell a text: nothing becomes a date or loses its zeros."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    for row in chain([header], rows):
        sheet.append([_string_cell(sheet, value) for value in row])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _string_cell(sheet: Any, value: Any) -> Any:
    cell = WriteOnlyCell(sheet, value=neutral(str(value)))
    cell.data_type = "s"
    return cell
