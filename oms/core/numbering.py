"""Document numbers: from a sequence where gaps are harmless, from a counter row where law asks for none."""

from __future__ import annotations

from django.db import connection, models
from django.db.migrations.operations import RunSQL
from django.db.models.expressions import Func, Value
from django.utils.deconstruct import deconstructible


@deconstructible(path="oms.core.numbering.NextNumber")
class NextNumber(Func):
    """Database default of a number column: ``PREFIX-<next of the sequence>``, e.g. ``SO-100042``."""

    template = "(%(expressions)s)"
    arg_joiner = " || "
    output_field = models.CharField()

    def __init__(self, prefix: str, sequence: str) -> None:
        super().__init__(
            Value(f"{prefix}-", output_field=models.TextField()),
            Func(
                Value(sequence),
                function="nextval",
                output_field=models.BigIntegerField(),
            ),
        )


def create_sequence(name: str, start: int) -> RunSQL:
    """Migration operation for the sequence behind a ``NextNumber``."""
    return RunSQL(f"CREATE SEQUENCE {name} START {start}", f"DROP SEQUENCE {name}")


def next_gap_free(series: str) -> int:
    """The next number of a series without gaps; its row stays locked until the transaction ends.

    Take it last in a transaction: everybody who wants a number of the series waits behind it.
    """
    return take_gap_free(series, 1)[0]


def take_gap_free(series: str, count: int) -> range:
    """The next ``count`` numbers of a series without gaps, as `next_gap_free` gives one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_counter (series, last) VALUES (%s, %s) "
            "ON CONFLICT (series) DO UPDATE SET last = core_counter.last + EXCLUDED.last "
            "RETURNING last",
            [series, count],
        )
        (last,) = cursor.fetchone()
    return range(int(last) - count + 1, int(last) + 1)
