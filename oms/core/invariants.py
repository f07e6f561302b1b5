"""What must always be true, as SQL that finds where it is not. Apps register theirs in ``ready()``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction


@dataclass(frozen=True, slots=True)
class Invariant:
    """``sql`` returns one row for each violation; its first column is a sentence about it.

    ``explain`` says what should be true. With a ``subject`` the second column is the key of a
    document of that kind; ``fix`` names what a person can do about it with one click.
    """

    name: str
    sql: str
    explain: str
    subject: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where an invariant does not hold."""

    invariant: str
    sentence: str
    explain: str
    document_kind: str = ""
    document_id: int | None = None
    fix: str = ""


_registry: dict[str, Invariant] = {}


def register_invariant(
    name: str, sql: str, explain: str, *, subject: str = "", fix: str = ""
) -> None:
    """Add an invariant; call it in ``ready()``. A name means one invariant."""
    known = _registry.get(name)
    if known and known.sql != sql:
        raise ValueError(f"Two invariants are called {name}.")
    _registry[name] = Invariant(name, sql, explain, subject, fix)


def names() -> list[str]:
    """The invariants that are checked."""
    return sorted(_registry)


def violations(only: Collection[str] = (), *, limit: int = 100) -> list[Violation]:
    """Everything that does not hold now: at most ``limit`` findings for each invariant."""
    found = []
    for name in names():
        if only and name not in only:
            continue
        invariant = _registry[name]
        found += [_violation(invariant, row) for row in _rows(invariant, limit)]
    return found


def _rows(invariant: Invariant, limit: int) -> list[tuple[Any, ...]]:
    """An invariant joins whole tables. Where the planner takes them for empty (just filled, not yet
    analyzed) it would go through one for each row of the other, for minutes.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(f"SELECT * FROM ({invariant.sql}) AS finding LIMIT {int(limit)}")  # noqa: S608 - registered by our code
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        cursor.execute("SET LOCAL enable_nestloop = DEFAULT")
        return rows


def _violation(invariant: Invariant, row: Sequence[Any]) -> Violation:
    key = row[1] if invariant.subject else None
    return Violation(
        invariant.name,
        str(row[0]),
        invariant.explain,
        invariant.subject if key is not None else "",
        key,
        invariant.fix if key is not None else "",
    )
