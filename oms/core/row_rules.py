"""From the cells of a row to what it changes. Pure: the state of the books is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oms.core.imports import Change, Importer, Key, Values


@dataclass(slots=True)
class ReadRow:
    """A row as its cells say: the good ones as canonical texts, the others as problems."""

    row_number: int
    values: Values
    problems: list[tuple[str, str]] = field(default_factory=list)
    key: Key = ()


def read_row(importer: Importer, row_number: int, cells: Mapping[str, str]) -> ReadRow:
    """Parse the cells of a row, by column name."""
    row = ReadRow(row_number, {})
    for column in importer.columns:
        text = cells.get(column.name)
        if text is None or (not text and not column.can_be_empty):
            continue
        try:
            row.values[column.name] = column.cell.show(column.cell.parse(text)) if text else ""
        except ValueError as error:
            row.problems.append((column.name, str(error)))
    for name in importer.key:
        column = importer.column(name)
        if name not in row.values and not column.can_be_empty and not _has_problem(row, name):
            row.problems.append((name, f"{column.label} is missing."))
    row.key = importer.key_of(row.values)
    return row


def change_of(importer: Importer, row: ReadRow, before: Values | None) -> Change:
    """What a row does to the state before it; notes what a new row lacks."""
    if before is None:
        for column in importer.columns if has_sound_key(importer, row) else ():
            if (
                column.is_required
                and not row.values.get(column.name)
                and not _has_problem(row, column.name)
            ):
                row.problems.append((column.name, f"{column.label} is missing, and this is new."))
        return Change(row.row_number, row.key, None, dict(row.values))
    given = {name: text for name, text in row.values.items() if name not in importer.key}
    return Change(row.row_number, row.key, before, before | given)


def has_sound_key(importer: Importer, row: ReadRow) -> bool:
    """Whether it is clear what the row is about."""
    return not any(_has_problem(row, name) for name in importer.key)


def _has_problem(row: ReadRow, name: str) -> bool:
    return any(column == name for column, _sentence in row.problems)
