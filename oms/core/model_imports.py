"""Importers that follow a model: its fields are the columns, its validators the checks.

Reading, checking and writing cost the same few statements however many rows a chunk has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Model
from django.db.models.functions import Lower

from oms.core import bulk
from oms.core.actors import Actor
from oms.core.cells import Cell, Choice, Clock, Day, Number, Real, Text, Whole, YesNo
from oms.core.imports import CHUNK, Change, Column, Importer, Key, Problem, Values, chunks


def _all(model: type[Model]) -> models.QuerySet[Any]:
    return model._base_manager.all()  # noqa: SLF001 - Django documents it as the unfiltered manager


_CELLS: tuple[tuple[type[Any], Cell], ...] = (
    (models.BooleanField, YesNo()),
    (models.IntegerField, Whole()),
    (models.FloatField, Real()),
    (models.DateField, Day()),
    (models.TimeField, Clock()),
)


def cell_of(field: Any) -> Cell:
    """How the texts of a model field are read and shown."""
    if field.choices:
        return Choice({str(value): str(label) for value, label in field.choices})
    if isinstance(field, models.DecimalField):
        return Number(field.decimal_places)
    return next((cell for kind, cell in _CELLS if isinstance(field, kind)), Text())


class ModelImporter(Importer):
    """Rows of one model. ``fields`` are its columns in the order of the file.

    ``lookups`` says by which column of the other model a foreign key is known. ``owned`` names the
    reverse relations that come and go with a row.
    """

    model: type[Model]
    fields: tuple[str, ...]
    lookups: Mapping[str, str] = {}
    aliases: Mapping[str, tuple[str, ...]] = {}
    owned: frozenset[str] = frozenset()
    extra_columns: tuple[Column, ...] = ()

    def __init__(self) -> None:
        self.columns = (*(self._column(name) for name in self.fields), *self.extra_columns)

    def _field(self, name: str) -> Any:
        return self.model._meta.get_field(name)

    def _column(self, name: str) -> Column:
        field = self._field(name)
        in_key = name in self.key
        return Column(
            name=name,
            label=field.verbose_name,
            cell=Text() if name in self.lookups else cell_of(field),
            aliases=self.aliases.get(name, ()),
            is_required=in_key or not (field.blank or field.has_default()),
            can_be_empty=not in_key and (field.null or (field.blank and not field.choices)),
        )

    def _path(self, name: str) -> str:
        return f"{name}__{self.lookups[name]}" if name in self.lookups else name

    # --- Reading ------------------------------------------------------------------------------

    def read(self, keys: Collection[Key]) -> dict[Key, Values]:
        return {key: values for key, (_pk, values) in self._find(keys).items()}

    def lock(self, keys: Collection[Key]) -> None:
        pks = [pk for pk, _values in self._find(keys).values()]
        rows = _all(self.model).filter(pk__in=pks).order_by("pk")
        list(rows.select_for_update(no_key=True).values_list("pk"))

    def _find(self, keys: Collection[Key]) -> dict[Key, tuple[int, Values]]:
        if not keys:
            return {}
        found = _all(self.model)
        for i, name in enumerate(self.key):
            folded = f"folded_{i}"
            wanted = {key[i] for key in keys}
            found = found.annotate(**{folded: Lower(self._path(name))})
            found = found.filter(**{f"{folded}__in": wanted})
        rows = {self.key_of(values): (pk, values) for pk, values in self._shown(found)}
        asked = set(keys)
        return {key: row for key, row in rows.items() if key in asked}

    def _shown(self, rows: Any) -> Iterator[tuple[int, Values]]:
        paths = [self._path(name) for name in self.fields]
        found = list(rows.order_by("pk").values_list("pk", *paths))
        extra = self.read_extra([row[0] for row in found])
        for pk, *cells in found:
            values = {
                name: self.column(name).cell.show(value)
                for name, value in zip(self.fields, cells, strict=True)
            }
            yield pk, values | extra.get(pk, {})

    def export(self) -> Iterator[Values]:
        last = 0
        while True:
            keys = list(
                _all(self.model)
                .filter(pk__gt=last)
                .order_by("pk")
                .values_list("pk", flat=True)[:CHUNK]
            )
            if not keys:
                return
            for _pk, values in self._shown(_all(self.model).filter(pk__in=keys)):
                yield values
            last = keys[-1]

    # --- Checking -----------------------------------------------------------------------------

    def check(self, changes: Sequence[Change]) -> Iterable[Problem]:
        yield from self._check_references(changes)
        for change in changes:
            yield from self._check_values(change)

    def _check_references(self, changes: Sequence[Change]) -> Iterator[Problem]:
        for name in self.lookups:
            known = self._targets(name, {change.after.get(name, "") for change in changes})
            for change in changes:
                text = change.after.get(name, "")
                if text and text.lower() not in known:
                    label = self._field(name).related_model._meta.verbose_name
                    yield Problem(change.row_number, name, f"There is no {label} {text}.")

    def _check_values(self, change: Change) -> Iterator[Problem]:
        for name in change.changed:
            if name not in self.fields or name in self.lookups:
                continue
            try:
                value = self._value(name, change.after[name])
                if value not in (None, ""):
                    self._field(name).run_validators(value)
            except (ValueError, ValidationError) as error:
                sentences = error.messages if isinstance(error, ValidationError) else [str(error)]
                yield Problem(change.row_number, name, " ".join(sentences))

    # --- Writing ------------------------------------------------------------------------------

    def write(self, changes: Sequence[Change], *, actor: Actor, document: str) -> None:  # noqa: ARG002
        for group in chunks(changes):
            self._insert([each for each in group if each.before is None])
            self._update([each for each in group if each.before is not None])
            self._write_extra(group, {each.key: each.after for each in group})

    def take_back(self, changes: Sequence[Change], *, actor: Actor, document: str) -> None:  # noqa: ARG002
        for group in chunks(changes):
            old = [
                Change(each.row_number, each.key, each.after, each.before)
                for each in group
                if each.before is not None
            ]
            self._update(old)
            self._write_extra(old, {each.key: each.after for each in old})
            new = [each.key for each in group if each.before is None]
            rows = self._find(new) if new else {}
            _all(self.model).filter(pk__in=[pk for pk, _v in rows.values()]).delete()

    def _insert(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        targets = {name: self._targets_of(name, changes) for name in self.lookups}
        rows = [self.model(**self._values(each, targets)) for each in changes]
        _all(self.model).bulk_create(rows, batch_size=CHUNK)

    def _update(self, changes: Sequence[Change]) -> None:
        names = sorted({name for each in changes for name in each.changed} & set(self.fields))
        if not names:
            return
        rows = self._find([each.key for each in changes])
        targets = {name: self._targets_of(name, changes) for name in names if name in self.lookups}
        new: list[list[Any]] = []
        for each in changes:
            pk, now = rows[each.key]
            texts = now | {name: each.after[name] for name in each.changed}
            new.append([pk, *(self._python(name, texts[name], targets) for name in names)])
        columns = [self._field(name).attname for name in names]
        bulk.update(self.model, columns, new)

    def _values(self, change: Change, targets: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
        return {
            self._field(name).attname: self._python(name, text, targets)
            for name, text in change.after.items()
            if name in self.fields and (text or self.column(name).can_be_empty)
        }

    def _python(self, name: str, text: str, targets: Mapping[str, Mapping[str, int]]) -> Any:
        if name in self.lookups:
            return targets[name].get(text.lower())
        return self._value(name, text)

    def _value(self, name: str, text: str) -> Any:
        if not text:
            return None if self._field(name).null else ""
        return self.column(name).cell.parse(text)

    def _targets_of(self, name: str, changes: Sequence[Change]) -> dict[str, int]:
        return self._targets(name, {each.after.get(name, "") for each in changes})

    def _targets(self, name: str, texts: Collection[str]) -> dict[str, int]:
        lookup = self.lookups[name]
        others = _all(self._field(name).related_model).annotate(folded=Lower(lookup))
        wanted = {text.lower() for text in texts if text}
        return dict(others.filter(folded__in=wanted).values_list("folded", "pk"))

    # --- Undoing ------------------------------------------------------------------------------

    def in_use(self, changes: Sequence[Change]) -> Iterable[Problem]:
        numbers = {each.key: each.row_number for each in changes}
        rows = self._find(list(numbers))
        of_pk = {pk: (numbers[key], self.title_of(values)) for key, (pk, values) in rows.items()}
        said: set[int] = set()
        for relation, used in self._references(list(of_pk)):
            for pk in used - said:
                said.add(pk)
                number, title = of_pk[pk]
                yield Problem(number, "", f"{title} is in use by now: {relation}.")

    def _references(self, keys: Sequence[int]) -> Iterator[tuple[str, set[int]]]:
        for relation in self.model._meta.get_fields(include_hidden=True):
            if not isinstance(relation, models.ManyToOneRel) or relation.name in self.owned:
                continue
            column = relation.field.attname
            others = _all(relation.related_model).filter(**{f"{column}__in": keys})
            used = set(others.values_list(column, flat=True).distinct())
            if used:
                yield str(relation.related_model._meta.verbose_name_plural), used

    # --- What stands in other tables ----------------------------------------------------------

    def read_extra(self, keys: Sequence[int]) -> dict[int, Values]:  # noqa: ARG002 - for subclasses
        """The texts of ``extra_columns`` by key of the row."""
        return {}

    def write_extra(self, wanted: Mapping[int, Values]) -> None:
        """Bring the extra columns of these rows to these texts."""

    def _write_extra(self, changes: Sequence[Change], after: Mapping[Key, Values]) -> None:
        names = {column.name for column in self.extra_columns}
        keys = [each.key for each in changes if names & set(each.changed)]
        if not keys:
            return
        wanted: dict[int, Values] = defaultdict(dict)
        for key, (pk, _values) in self._find(keys).items():
            wanted[pk] = {name: after[key].get(name, "") for name in names & set(after[key])}
        self.write_extra(wanted)
