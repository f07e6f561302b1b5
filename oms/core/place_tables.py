"""Fills the table of places: bundled cities and imported postcodes. Loading twice changes nothing."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from psycopg2 import DatabaseError

from oms.core.place_files import PlaceRow
from oms.core.place_names import fold_city

CITIES = Path(__file__).with_name("data") / "cities.csv.gz"

_ONE_LOAD_AT_A_TIME = 0x0B5_91ACE

_POSTCODES = """
INSERT INTO core_place (country, postcode, city, latitude, longitude)
SELECT country, postcode, min(city),
       round(sum(latitude * weight) / sum(weight), 5)::float8,
       round(sum(longitude * weight) / sum(weight), 5)::float8
FROM incoming GROUP BY country, postcode
ON CONFLICT (country, postcode) DO UPDATE
SET city = excluded.city, latitude = excluded.latitude, longitude = excluded.longitude
WHERE (core_place.city, core_place.latitude, core_place.longitude)
      IS DISTINCT FROM (excluded.city, excluded.latitude, excluded.longitude)
"""

_CITIES = """
INSERT INTO core_place (country, city, latitude, longitude, population)
SELECT DISTINCT ON (country, city) country, city, latitude, longitude, population
FROM incoming ORDER BY country, city, weight, population DESC
ON CONFLICT (country, city) WHERE postcode IS NULL DO UPDATE
SET latitude = excluded.latitude, longitude = excluded.longitude, population = excluded.population
WHERE (core_place.latitude, core_place.longitude, core_place.population)
      IS DISTINCT FROM (excluded.latitude, excluded.longitude, excluded.population)
"""


@transaction.atomic
def load_cities() -> int:
    """Bring the bundled cities and countries into the table; return how many rows changed."""
    return _load(_bundled_cities(), _CITIES)


@transaction.atomic
def load_postcodes(rows: Iterable[PlaceRow]) -> int:
    """Bring postcodes into the table, one row for each; return how many rows are new or changed.

    A code that the file lists several times stands in the middle of its places.
    """
    lines = (
        (
            row.country,
            row.postcode,
            fold_city(row.place),
            row.latitude,
            row.longitude,
            0,
            row.weight,
        )
        for row in rows
    )
    return _load(lines, _POSTCODES)


def _load(lines: Iterable[tuple[object, ...]], statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_LOAD_AT_A_TIME])
        cursor.execute(
            "CREATE TEMPORARY TABLE incoming (country text, postcode text, city text, "
            "latitude numeric, longitude numeric, population int, weight int) ON COMMIT DROP"
        )
        _copy(cursor, lines)
        cursor.execute(statement)
        changed = cursor.rowcount
        cursor.execute("DROP TABLE incoming")
        if changed:
            cursor.execute("ANALYZE core_place")
        return int(changed)


def _copy(cursor: Any, lines: Iterable[tuple[object, ...]]) -> None:
    stream = _Stream(lines)
    try:
        cursor.copy_expert(
            "COPY incoming FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (city))", stream
        )
    except DatabaseError:
        if stream.error:
            raise stream.error from None
        raise


def _bundled_cities() -> Iterator[tuple[object, ...]]:
    with gzip.open(CITIES, "rt", encoding="utf-8", newline="") as file:
        for country, names, latitude, longitude, population in csv.reader(file):
            for rank, name in enumerate(names.split("|")):
                yield (country, "", name, latitude, longitude, population, min(rank, 1))


class _Stream(io.RawIOBase):
    """Feeds COPY from an iterator, so that a file of any size passes through little memory."""

    def __init__(self, rows: Iterable[tuple[object, ...]]) -> None:
        self._rows = iter(rows)
        self._left = ""
        self.error: Exception | None = None

    def read(self, size: int = -1) -> str:
        try:
            return self._read(size)
        except Exception as error:
            # The driver turns whatever happens in here into its own error; keep the real one.
            self.error = error
            raise

    def _read(self, size: int) -> str:
        text = io.StringIO()
        text.write(self._left)
        writer = csv.writer(text, lineterminator="\n")
        for row in self._rows:
            writer.writerow(row)
            if 0 <= size <= text.tell():
                break
        whole = text.getvalue()
        end = len(whole) if size < 0 else size
        self._left = whole[end:]
        return whole[:end]
