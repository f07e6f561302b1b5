"""Statements that the database keeps as functions, so that each connection plans them once.

For the statements of the hot paths alone: planning such a one takes longer than running it for a
single order. A function holds no session state, so a connection pooler may stand in between. After
a change of a statement's text a migration installs it again; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.migrations.operations import RunSQL

stored: dict[str, StoredStatement] = {}

# A plan that is kept may stem from a moment when the tables were empty: it must not read them whole.
_SETTINGS = "SET plan_cache_mode = force_generic_plan SET enable_seqscan = off"


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """SQL under a name. Its text speaks of the ``parameters`` (name → type) by their names.

    ``columns`` are the names and types of what comes back; without them nothing does.
    """

    name: str
    parameters: Mapping[str, str]
    columns: str
    sql: str

    def __post_init__(self) -> None:
        stored[self.name] = self

    @property
    def body(self) -> str:
        start = "RETURN QUERY " if self.columns else ""
        return f"\n#variable_conflict use_column\nBEGIN {start}{self.sql.strip()};\nEND "

    @property
    def call(self) -> str:
        values = ", ".join(f"%s::{kind}" for kind in self.parameters.values())
        return f"SELECT * FROM {self.name}({values})"  # noqa: S608 - names of our own source

    def run(self, *values: Any) -> list[tuple[Any, ...]]:
        """Call it with a value for each parameter, in their order."""
        with connection.cursor() as cursor:
            cursor.execute(self.call, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def install(self) -> RunSQL:
        """Migration operation that puts the statement into the database."""
        parameters = ", ".join(f"{name} {kind}" for name, kind in self.parameters.items())
        result = f"TABLE ({self.columns})" if self.columns else "void"
        create = (
            f"CREATE OR REPLACE FUNCTION {self.name}({parameters}) RETURNS {result}"
            f" LANGUAGE plpgsql {_SETTINGS} AS $body${self.body}$body$"
        )
        return RunSQL([(create, None)], f"DROP FUNCTION {self.name}")
