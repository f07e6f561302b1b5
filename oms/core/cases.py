"""Cases: something is stuck and wants a person. One open case per cause; it closes when the cause ends."""

from __future__ import annotations

from django.db import connection
from django.db.models.functions import Now

from oms.core.actors import SYSTEM, Actor
from oms.core.models.case import Case


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
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_case (kind, dedupe_key, sentence, proposed_fix, document_kind,"
            " document_id) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (dedupe_key) WHERE closed_at IS NULL DO UPDATE SET"
            " times = core_case.times + 1, last_seen_at = statement_timestamp(),"
            " sentence = EXCLUDED.sentence",
            [kind, dedupe_key, sentence, proposed_fix, document_kind, document_id],
        )


def close_case(dedupe_key: str, *, actor: Actor = SYSTEM) -> bool:
    """Close the open case of a cause; False when there is none."""
    found = Case.objects.filter(dedupe_key=dedupe_key, closed_at=None)
    return bool(found.update(closed_at=Now(), closed_by=actor.label))
