"""The append-only timeline: who did what to which document, when, old to new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from django.db import models

from oms.core import bulk
from oms.core.actors import Actor
from oms.core.models.activity import Activity


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline. ``verb`` is past tense: placed, held, allocated."""

    document_kind: str
    document_id: int
    verb: str
    old: str = ""
    new: str = ""
    note: str = ""


_OF_ENTRY = [field.name for field in fields(Entry)]
_of_entry = attrgetter(*_OF_ENTRY)


def kind_of(model: type[models.Model]) -> str:
    """The word under which documents of a model are filed: ``order``, ``shipment`` ..."""
    return str(model._meta.model_name)


def record(
    document: models.Model,
    verb: str,
    *,
    actor: Actor,
    old: str = "",
    new: str = "",
    note: str = "",
) -> None:
    """Write one entry for a document."""
    entry = Entry(kind_of(type(document)), document.pk, verb, old, new, note)
    record_all([entry], actor=actor)


def record_all(entries: Iterable[Entry], *, actor: Actor) -> None:
    """Write many entries with one statement."""
    bulk.insert(
        Activity,
        [*_OF_ENTRY, "user_id", "actor_label", "surface"],
        [(*_of_entry(entry), actor.user_id, actor.label, actor.surface) for entry in entries],
    )


def record_moves(
    moved: Mapping[tuple[str, str], list[Any]],
    *,
    transition: str,
    actor: Actor,
    note: str = "",
) -> None:
    """Write the status changes that ``workflow`` made."""
    record_all(
        [
            Entry(kind_of(type(document)), document.pk, transition, old, new, note)
            for (old, new), group in moved.items()
            for document in group
        ],
        actor=actor,
    )
