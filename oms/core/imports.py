"""What can be taken in from tables and given out as tables. Apps register theirs in ``ready()``.

An `Importer` knows its columns, reads the state of many keys at once, and writes many changes at
once. State is text by column, the same text that the export shows: so before and after can be kept,
compared and put back without knowing what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from oms.core.actors import Actor
from oms.core.cells import Cell

Values = dict[str, str]
Key = tuple[str, ...]

CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name in our files; ``aliases`` are other headers for it.

    An empty cell leaves the value as it is, unless it ``can_be_empty``: then it empties it. What
    ``is_required`` has to be there for a new row.
    """

    name: str
    label: str | Promise
    cell: Cell
    aliases: tuple[str, ...] = ()
    is_required: bool = False
    can_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What a row does: ``before`` is empty for something new."""

    row_number: int
    key: Key
    before: Values | None
    after: Values

    @property
    def changed(self) -> list[str]:
        """The columns that get another value."""
        before = self.before or {}
        return [name for name, text in self.after.items() if before.get(name, "") != text]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be taken in or given back; ``column`` may be empty."""

    row_number: int
    column: str
    sentence: str


class Importer:
    """One kind of table. ``key`` names the columns by which a row is known, whatever the case."""

    name: str
    label: str | Promise
    permission: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    explain: str | Promise = ""

    def read(self, keys: Collection[Key]) -> dict[Key, Values]:
        """The state of these keys now, by folded key; constant statements however many there are."""
        raise NotImplementedError

    def lock(self, keys: Collection[Key]) -> None:
        """Hold what these keys stand for until the transaction ends, in key order."""
        raise NotImplementedError

    def check(self, changes: Sequence[Change]) -> Iterable[Problem]:  # noqa: ARG002 - for subclasses
        """What is wrong with these rows beyond their single cells."""
        return ()

    def write(self, changes: Sequence[Change], *, actor: Actor, document: str) -> None:
        """Bring these changes into the books."""
        raise NotImplementedError

    def in_use(self, changes: Sequence[Change]) -> Iterable[Problem]:  # noqa: ARG002 - for subclasses
        """Which new things others refer to by now, so that they cannot go."""
        return ()

    def take_back(self, changes: Sequence[Change], *, actor: Actor, document: str) -> None:
        """Put the state before these changes back."""
        raise NotImplementedError

    def export(self) -> Iterator[Values]:
        """Everything there is, in a good order."""
        raise NotImplementedError

    def column(self, name: str) -> Column:
        return next(each for each in self.columns if each.name == name)

    def key_of(self, values: Values) -> Key:
        """The folded key of a row."""
        return tuple(values.get(name, "").lower() for name in self.key)

    def title_of(self, values: Values) -> str:
        """A row by its key, for people."""
        return " · ".join(filter(None, (values.get(name, "") for name in self.key)))


_importers: dict[str, Importer] = {}


def register_importer(importer: Importer) -> None:
    """Offer a kind of table on the import page; call it in ``ready()``."""
    _importers[importer.name] = importer


def importers(user: Any) -> list[Importer]:
    """What a person may take in and give out."""
    return [each for each in _importers.values() if user.has_perm(each.permission)]


def importer_named(name: str) -> Importer:
    """:raises LookupError: nobody registered it."""
    return _importers[name]


def map_headers(importer: Importer, headers: Sequence[str]) -> list[tuple[str, str]]:
    """Each header with the name of its column, or with nothing where nobody knows it.

    Case, spaces and signs do not matter; the first of two headers for one column wins.
    """
    known = {
        _folded(alias): column.name
        for column in importer.columns
        for alias in (*column.aliases, str(column.label), column.name)
    }
    mapped: list[tuple[str, str]] = []
    for header in headers:
        name = known.get(_folded(header), "")
        taken = {each for _header, each in mapped}
        mapped.append((header, "" if name in taken else name))
    return mapped


def _folded(header: str) -> str:
    return re.sub(r"[\W_]+", "", header.casefold())


def chunks(items: Sequence[Any], size: int = CHUNK) -> Iterator[Sequence[Any]]:
    """The items in groups that one statement takes."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
