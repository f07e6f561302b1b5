"""The one way in which a document changes its state.

A model declares its machine with ``django_fsm``: ``FSMField(protected=True)`` and ``@transition``
methods that touch only their own row. ``perform`` and ``perform_all`` run a transition on locked
rows, refuse with a reason, write the status and record who did it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django_fsm import FSMField

from oms.core import activity
from oms.core.actors import Actor
from oms.core.exceptions import TransitionRefused


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of a transition that can say why it does not hold."""

    holds: Callable[[Any], bool]
    reason: str

    def __call__(self, instance: models.Model) -> bool:
        return self.holds(instance)


def refusal(document: models.Model, transition: str) -> str | None:
    """Why this transition is not possible now, or None when it is (for buttons and for services)."""
    meta = getattr(document, transition)._django_fsm
    state = meta.field.get_state(document)
    if not meta.has_transition(state):
        return f"{document} is {state}: it cannot {transition.replace('_', ' ')} now."
    for condition in meta.get_transition(state).conditions or ():
        if not condition(document):
            return getattr(condition, "reason", f"{document} does not allow this now.")
    return None


def perform(
    document: models.Model,
    transition: str,
    *,
    actor: Actor,
    note: str = "",
    update_fields: Sequence[str] = (),
) -> None:
    """Move one locked document and record it; ``update_fields`` names what the transition also set.

    :raises TransitionRefused: the machine or one of its guards says no; nothing was changed.
    """
    perform_all([document], transition, actor=actor, note=note, update_fields=update_fields)


def perform_all(
    documents: Iterable[models.Model],
    transition: str,
    *,
    actor: Actor,
    note: str = "",
    update_fields: Sequence[str] = (),
) -> None:
    """Move many locked documents of one model with one UPDATE per (old, new) pair.

    :raises TransitionRefused: one of the documents may not move; nothing was changed.
    """
    rows = list(documents)
    if not rows:
        return
    if not connection.in_atomic_block:
        raise RuntimeError("A document is moved inside the transaction that locked it.")
    for document in rows:
        if reason := refusal(document, transition):
            raise TransitionRefused(reason)
    field = getattr(rows[0], transition)._django_fsm.field
    moved: dict[tuple[str, str], list[models.Model]] = defaultdict(list)
    for document in rows:
        old = field.get_state(document)
        getattr(document, transition)()
        moved[old, field.get_state(document)].append(document)
    for (old, new), group in moved.items():
        _write(group, field, old, new, update_fields)
    activity.record_moves(moved, transition=transition, actor=actor, note=note)


def _write(
    group: list[models.Model],
    field: FSMField,
    old: str,
    new: str,
    update_fields: Sequence[str],
) -> None:
    manager = type(group[0])._base_manager
    shared = {name: getattr(group[0], name) for name in update_fields}
    for document in group:
        if any(getattr(document, name) != value for name, value in shared.items()):
            raise RuntimeError("A bulk move writes the same values to every document.")
    keys = [document.pk for document in group]
    found = manager.filter(pk__in=keys, **{field.name: old}).update(**{field.name: new}, **shared)
    if found != len(group):
        raise TransitionRefused("Somebody else has just changed this document. Load it again.")


def insert_in_state(model: type[models.Model], rows: list[models.Model]) -> list[models.Model]:
    """The door for records that enter in a later state: history imports, flagged as such.

    :raises ValueError: a row does not carry ``is_history``.
    """
    if not all(getattr(row, "is_history", False) for row in rows):
        raise ValueError("Only history may enter in a state that no machine brought it to.")
    return model._base_manager.bulk_create(rows, batch_size=5_000)


def state_after_first(model: type[models.Model], transition: str) -> str:
    """The state of rows that are inserted and moved in one statement, by an unguarded first move.

    :raises ValueError: the move does not start where documents begin, or has guards to ask.
    """
    meta = getattr(model, transition)._django_fsm
    start = meta.field.get_default()
    if not meta.has_transition(start) or meta.get_transition(start).conditions:
        raise ValueError(f"{model.__name__} is not born by {transition!r}.")
    return str(meta.get_transition(start).target)
