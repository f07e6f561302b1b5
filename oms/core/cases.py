"""Cases: something is stuck and wants a person. One open case per cause; it closes when the cause ends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass

from django.db import connection
from django.db.models.functions import Now

from oms.core.actors import SYSTEM, Actor
from oms.core.models.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What wants a person, in a sentence that he can act on."""

    kind: str
    dedupe_key: str
    sentence: str
    proposed_fix: str = ""
    document_kind: str = ""
    document_id: int | None = None


def open_case(
    *,
    kind: str,
    dedupe_key: str,
    sentence: str,
    proposed_fix: str = "",
    document_kind: str = "",
    document_id: int | None = None,
) -> None:
    """Open a case, or count the cause once more when its case is open already."""
    cause = Cause(
        kind=kind,
        dedupe_key=dedupe_key,
        sentence=sentence,
        proposed_fix=proposed_fix,
        document_kind=document_kind,
        document_id=document_id,
    )
    open_cases([cause])


def open_cases(causes: Sequence[Cause]) -> None:
    """Open many cases of different causes with one statement; see `open_case`."""
    if not causes:
        return
    by_key = {cause.dedupe_key: cause for cause in causes}
    columns = zip(*(astuple(by_key[key]) for key in sorted(by_key)), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_case (kind, dedupe_key, sentence, proposed_fix, document_kind,"
            " document_id) SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[],"
            " %s::text[], %s::bigint[])"
            " ON CONFLICT (dedupe_key) WHERE closed_at IS NULL DO UPDATE SET"
            " times = core_case.times + 1, last_seen_at = statement_timestamp(),"
            " sentence = EXCLUDED.sentence",
            [list(column) for column in columns],
        )


def close_case(dedupe_key: str, *, actor: Actor = SYSTEM) -> bool:
    """Close the open case of a cause; False when there is none."""
    return bool(close_cases([dedupe_key], actor=actor))


def close_cases(dedupe_keys: Collection[str], *, actor: Actor = SYSTEM) -> int:
    """Close the open cases of many causes with one statement; how many there were."""
    found = Case.objects.filter(dedupe_key__in=dedupe_keys, closed_at=None)
    return int(found.update(closed_at=Now(), closed_by=actor.label))
