"""Reads files of postcodes row by row: GeoNames' tab separated format and a plain csv with a header."""

from __future__ import annotations

import csv
import io
import lzma
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

from oms.core.place_names import fold_postcode

MAX_LINE = 65_536
_COUNTRY = re.compile(r"[A-Z]{2}")
_CSV_COLUMNS = ("country", "postcode", "lat", "lon", "place")


class PlaceRow(NamedTuple):
    """One line of the file; ``weight`` is the number of places the line stands for."""

    country: str
    postcode: str
    place: str
    latitude: float
    longitude: float
    weight: int = 1


class BadRow(NamedTuple):
    """A line that was not understood, and why."""

    line: int
    reason: str


class UnreadableFile(Exception):
    """The file as a whole cannot be used; the message says why."""


def read_places(path: Path) -> Iterator[PlaceRow | BadRow]:
    """Yield every line of a postcode file (.txt, .csv, .zip, .xz) as a row or as what is wrong with it.

    :raises UnreadableFile: the file is missing, empty, damaged or in no known format.
    """
    try:
        with _opened(path) as file:
            yield from _rows(file, path)
    except FileNotFoundError:
        raise UnreadableFile(f"There is no file {path}.") from None
    except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise UnreadableFile(f"{path} cannot be read: {error}.") from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.namelist() if "readme" not in m.lower()]
            if len(members) != 1:
                raise UnreadableFile(
                    f"{path} should hold one file of postcodes, not {len(members)}."
                )
            with archive.open(members[0]) as member:
                yield io.BufferedReader(cast("io.RawIOBase", member))
    elif path.suffix == ".xz":
        with lzma.open(path) as packed:
            yield io.BufferedReader(cast("io.RawIOBase", packed))
    else:
        with path.open("rb") as plain:
            yield plain


def _rows(file: IO[bytes], path: Path) -> Iterator[PlaceRow | BadRow]:
    lines = enumerate(_lines(file), start=1)
    first = next(lines, None)
    if first is None:
        raise UnreadableFile(f"{path} is empty.")
    if isinstance(first[1], str):
        first = (1, first[1].removeprefix("\ufeff"))
    header = _as_header(first[1])
    if header is None and (not isinstance(first[1], str) or first[1].count("\t") < 10):
        raise UnreadableFile(
            f"{path} is neither a GeoNames postal file (12 columns, tab separated) nor a csv file "
            f"with the columns {', '.join(_CSV_COLUMNS)}."
        )
    if header is None:
        yield _row(*first, header)
    for number, line in lines:
        if line:
            yield _row(number, line, header)


def _lines(file: IO[bytes]) -> Iterator[str | ValueError]:
    while raw := file.readline(MAX_LINE):
        if not raw.endswith(b"\n") and len(raw) == MAX_LINE:
            while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            yield ValueError(f"the line is longer than {MAX_LINE:,} bytes")
            continue
        try:
            yield raw.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            yield ValueError(f"byte {error.start + 1} is not UTF-8")


def _as_header(line: str | ValueError) -> dict[str, int] | None:
    names = [] if isinstance(line, ValueError) else line.lower().split(",")
    return {n: i for i, n in enumerate(names)} if set(_CSV_COLUMNS) <= set(names) else None


def _row(number: int, line: str | ValueError, header: dict[str, int] | None) -> PlaceRow | BadRow:
    try:
        if isinstance(line, ValueError):
            raise line
        return _checked(_from_csv(line, header) if header else _from_geonames(line))
    except (ValueError, csv.Error) as error:
        return BadRow(number, str(error))


def _from_csv(line: str, header: dict[str, int]) -> PlaceRow:
    cells = next(csv.reader([line]))
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} columns instead of {len(header)}")
    country, postcode, lat, lon, place = (cells[header[name]] for name in _CSV_COLUMNS)
    weight = int(cells[header["places"]] or 1) if "places" in header else 1
    return PlaceRow(country, postcode, place, _degrees(lat, 90), _degrees(lon, 180), weight)


def _from_geonames(line: str) -> PlaceRow:
    cells = line.split("\t")
    if len(cells) < 11:
        raise ValueError(f"{len(cells)} columns instead of 12")
    country, postcode, place = cells[:3]
    return PlaceRow(country, postcode, place, _degrees(cells[9], 90), _degrees(cells[10], 180))


def _degrees(text: str, limit: int) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number of degrees") from None
    if not -limit <= value <= limit:
        raise ValueError(f"{text} is not between -{limit} and {limit} degrees")
    return value


def _checked(row: PlaceRow) -> PlaceRow:
    if not _COUNTRY.fullmatch(row.country):
        raise ValueError(f"{row.country!r} is not a country code")
    if row.weight < 1:
        raise ValueError(f"{row.weight} is not a number of places")
    if "\0" in row.place:
        raise ValueError("the name holds a NUL character")
    postcode = fold_postcode(row.country, row.postcode)
    if not postcode or len(row.postcode) > 20:
        raise ValueError(f"{row.postcode[:40]!r} is not a postcode")
    return row._replace(postcode=postcode, place=row.place.strip()[:120])
