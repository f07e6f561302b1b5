"""Rows out of a CSV file of any size with bounded memory, whatever stands in it.

Plain Python. A line that is too long, not UTF-8, holds a NUL byte or opens a quote that nobody closes
costs that row alone: reading goes on with the next line.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import lzma
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

MAX_LINE_BYTES = 64 * 1024
MAX_LINES_OF_A_ROW = 20

_OTHER_ENCODINGS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a zip or Excel file",
    b"\x1f\x8b": "gzip; name it .csv.gz",
    b"\xfd7zXZ": "xz; name it .csv.xz",
}


class UnreadableFile(ValueError):
    """Nothing of the file can be read; the message says why."""


class RawRow(NamedTuple):
    """The fields of one row and its first line; ``problem`` says what is wrong with the text.

    ``problem_field`` is the index of the field that holds it, or -1.
    """

    line: int
    fields: list[str]
    problem: str = ""
    problem_field: int = -1


class _RunAwayQuote(Exception):
    pass


@contextmanager
def open_binary(path: Path) -> Iterator[BinaryIO]:
    """The uncompressed bytes of a .csv, .csv.gz or .csv.xz file.

    :raises UnreadableFile: it is not there, not readable or its compression is damaged.
    """
    openers = {".xz": lzma.open, ".gz": gzip.open}
    try:
        with openers.get(path.suffix.lower(), open)(path, "rb") as stream:  # type: ignore[operator]
            yield cast("BinaryIO", stream)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}.") from error
    except (lzma.LZMAError, zlib.error, EOFError) as error:
        raise UnreadableFile(f"{path} is damaged: {error}.") from error


def sha256_of(path: Path) -> str:
    """The fingerprint of a file, as it lies on the disk.

    :raises UnreadableFile: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}.") from error


class _Lines:
    """Physical lines as text, one at a time, with a way to give lines back."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._returned: deque[tuple[int, str]] = deque()
        self._number = 0
        self.taken: list[tuple[int, str]] = []
        self.too_long: list[int] = []
        self.is_suspect = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES_OF_A_ROW:
            raise _RunAwayQuote
        line = self._returned.popleft() if self._returned else self._read()
        self.taken.append(line)
        if not line[1].isascii() or "\0" in line[1]:
            self.is_suspect = True
        return line[1]

    def peek(self) -> str:
        """The next line, without taking it; nothing at the end."""
        if not self._returned:
            try:
                self._returned.append(self._read())
            except StopIteration:
                return ""
        return self._returned[0][1]

    def start_row(self) -> None:
        self.taken = []
        self.is_suspect = False

    def give_back(self) -> None:
        """Read again what was taken for this row, but for its first line."""
        self._returned.extendleft(reversed(self.taken[1:]))

    def _read(self) -> tuple[int, str]:
        while raw := self._stream.readline(MAX_LINE_BYTES + 1):
            self._number += 1
            if len(raw) <= MAX_LINE_BYTES:
                return self._number, self._text(raw)
            self.too_long.append(self._number)
            while raw and not raw.endswith(b"\n"):
                raw = self._stream.readline(MAX_LINE_BYTES)
        raise StopIteration

    def _text(self, raw: bytes) -> str:
        if self._number == 1:
            _refuse_other_formats(raw)
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        return raw.decode("utf-8", "surrogateescape")


def _refuse_other_formats(raw: bytes) -> None:
    for start, name in _OTHER_ENCODINGS.items():
        if raw.startswith(start):
            raise UnreadableFile(f"The file is not CSV in UTF-8: it looks like {name}.")
    if b"\0" in raw:
        raise UnreadableFile("The first line holds NUL bytes: this is not CSV in UTF-8.")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableFile("The header is not UTF-8. Save the file as CSV in UTF-8.") from None


def read_rows(stream: BinaryIO) -> Iterator[RawRow]:
    """The rows of a CSV file, the header first. Blank lines are left out.

    :raises UnreadableFile: it is empty, or its first line shows that it is something else.
    """
    lines = _Lines(stream)
    reader = csv.reader(lines, strict=True, delimiter=_delimiter(lines))
    seen_any = False
    for row in _rows(reader, lines):
        seen_any = True
        yield row
    if not seen_any:
        raise UnreadableFile("The file is empty.")


def _delimiter(lines: _Lines) -> str:
    """The one of the usual separators that the header holds most of."""
    return max(",;\t", key=lines.peek().count)


def _rows(reader: Iterator[list[str]], lines: _Lines) -> Iterator[RawRow]:
    while True:
        lines.start_row()
        try:
            fields = next(reader)
        except StopIteration:
            yield from _too_long(lines)
            return
        except (csv.Error, _RunAwayQuote) as error:
            number, text = lines.taken[0]
            lines.give_back()
            is_open = isinstance(error, _RunAwayQuote) or "unexpected end" in str(error)
            reason = "A quote is opened and never closed." if is_open else f"Not CSV: {error}."
            yield RawRow(number, [text.rstrip("\r\n")], reason)
            continue
        yield from _too_long(lines)
        if fields:
            yield _checked(fields, lines) if lines.is_suspect else RawRow(lines.taken[0][0], fields)


def _too_long(lines: _Lines) -> Iterator[RawRow]:
    while lines.too_long:
        number = lines.too_long.pop(0)
        yield RawRow(number, [], f"The line is longer than {MAX_LINE_BYTES} bytes.")


def _checked(fields: list[str], lines: _Lines) -> RawRow:
    number = lines.taken[0][0]
    for index, field in enumerate(fields):
        if "\0" in field:
            return RawRow(number, fields, "holds a NUL byte.", index)
        for character in field:
            if "\udc80" <= character <= "\udcff":
                byte = ord(character) - 0xDC00
                return RawRow(number, fields, f"is not UTF-8 (byte 0x{byte:02X}).", index)
    return RawRow(number, fields)
