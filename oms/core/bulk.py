"""Many rows in one statement: arrays over the wire, unnested by the server.

The ORM's ``bulk_create`` spends several times as long in Python per row; order intake, routing and
the ledger write ten rows per order, so they go through here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from io import StringIO
from typing import Any

from django.db import connection, models
from psycopg2.extras import Json


@cache
def _insert_sql(
    model: type[models.Model],
    columns: tuple[str, ...],
    returning: tuple[str, ...],
    suffix: str,
) -> str:
    arrays = [f"%s::{kind}" for kind in array_types(model, columns)]
    back = ", ".join(_quoted(model, name) for name in returning)
    sql = insert_from(model, columns, arrays)
    return f"{sql} {suffix}" + (f" RETURNING {back}" if back else "")


def insert_from(model: type[models.Model], columns: Sequence[str], arrays: Sequence[str]) -> str:
    """The statement that inserts a row for each place in these arrays (SQL), in their order."""
    quote = connection.ops.quote_name
    names = ", ".join(_quoted(model, name) for name in columns)
    aliases = ", ".join(f"c{i}" for i in range(len(columns)))
    return (
        f"INSERT INTO {quote(model._meta.db_table)} ({names}) "  # noqa: S608 - quoted names of our models
        f"SELECT {aliases} FROM unnest({', '.join(arrays)}) WITH ORDINALITY"
        f" AS t({aliases}, ordinal) ORDER BY ordinal"
    )


def array_types(model: type[models.Model], columns: Sequence[str]) -> list[str]:
    """The SQL types of lists of values for these columns."""
    return [_array_type(_field(model, name)) for name in columns]


def _array_type(field: models.Field[Any, Any]) -> str:
    # A cast to varchar(n) would cut a long value off in silence; without the length the column refuses it.
    base = re.sub(r"\(.*?\)", "", str(field.rel_db_type(connection)))
    return f"{base}[]"


@cache
def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    for field in model._meta.concrete_fields:
        if name in {field.name, field.attname}:
            return field
    raise LookupError(f"{model.__name__} has no column {name}.")


def _quoted(model: type[models.Model], name: str) -> str:
    return connection.ops.quote_name(str(_field(model, name).column))


def insert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    returning: Sequence[str] = (),
    on_conflict_do_nothing: bool = False,
) -> list[tuple[Any, ...]]:
    """Insert rows with one statement; give back the ``returning`` columns in the rows' order.

    Columns left out take the database's default, so they must have one (``db_default``) or be
    nullable. With ``on_conflict_do_nothing`` skipped rows return nothing.
    """
    if not rows:
        return []
    suffix = "ON CONFLICT DO NOTHING" if on_conflict_do_nothing else ""
    sql = _insert_sql(model, tuple(columns), tuple(returning), suffix)
    values = zip(*rows, strict=True)
    arrays = [_as_json(model, name, each) for name, each in zip(columns, values, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(sql, arrays)
        return cursor.fetchall() if returning else []


def draw_ids(model: type[models.Model], count: int) -> list[int]:
    """Primary keys for rows that are about to be copied in, in rising order."""
    sql = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s) ORDER BY 1"
    with connection.cursor() as cursor:
        cursor.execute(sql, [model._meta.db_table, _field(model, "id").column, count])
        return [row[0] for row in cursor.fetchall()]


def copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert thousands of rows by COPY, the fastest way in; nothing comes back.

    As with ``insert``, columns left out take the database's default.
    """
    text = StringIO()
    for row in rows:
        text.write("\t".join([_copy_text(value) for value in row]))
        text.write("\n")
    if not text.tell():
        return
    text.seek(0)
    quote = connection.ops.quote_name
    names = ", ".join(_quoted(model, name) for name in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN", text)


def _copy_text(value: Any) -> str:
    if value is None:
        return "\\N"
    if not isinstance(value, str):
        return str(value)
    return _COPY_SPECIAL.sub(lambda found: _COPY_ESCAPES[found[0]], value)


_COPY_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_COPY_SPECIAL = re.compile(r"[\\\t\n\r]")


def update(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """Set these columns of many rows with one statement; each row begins with its key.

    Gives back how many rows there were.
    """
    if not rows or not columns:
        return 0
    quote = connection.ops.quote_name
    names = ["id", *columns]
    arrays = ", ".join(f"%s::{kind}" for kind in array_types(model, names))
    aliases = ", ".join(f"c{i}" for i in range(len(names)))
    sets = ", ".join(f"{_quoted(model, name)} = t.c{i}" for i, name in enumerate(columns, start=1))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(model._meta.db_table)} AS target SET {sets}"  # noqa: S608 - quoted names of our models
            f" FROM unnest({arrays}) AS t({aliases}) WHERE target.id = t.c0",
            [_as_json(model, n, v) for n, v in zip(names, zip(*rows, strict=True), strict=True)],
        )
        return int(cursor.rowcount)


def _as_json(model: type[models.Model], name: str, values: Sequence[Any]) -> list[Any]:
    if isinstance(_field(model, name), models.JSONField):
        return [None if value is None else Json(value) for value in values]
    return list(values)
