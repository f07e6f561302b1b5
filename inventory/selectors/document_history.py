"""What happened to a document, for its timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from oms.core.models import Activity

MOST = 200
Look = tuple[str | Promise, str, str]
"""Text, icon, tone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline."""

    actor: str
    text: str
    detail: str
    at: datetime
    icon: str
    tone: str


def history_of(kind: str, key: int, looks: Mapping[str, Look]) -> list[Entry]:
    """The newest entries of a document, the newest first; one statement."""
    rows = Activity.objects.filter(document_kind=kind, document_id=key).order_by("-id")[:MOST]
    return [_entry(row, looks) for row in rows]


def _entry(row: Activity, looks: Mapping[str, Look]) -> Entry:
    text, icon, tone = looks.get(row.verb, (row.verb.replace("_", " "), "info", ""))
    return Entry(row.actor_label, str(text), row.note, row.at, icon, tone)
