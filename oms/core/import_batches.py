"""A file on its way into the books: received, checked, shown, imported, undone while untouched.

An import and its undo are one transaction each: all good rows or none, every row given back or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from oms.core import bulk, workflow
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.import_files import UnreadableFile, read_table
from oms.core.imports import CHUNK, Change, Importer, Problem, chunks, importer_named, map_headers
from oms.core.models import ImportBatch, ImportRow
from oms.core.progress import JobHandle, start_job
from oms.core.row_rules import ReadRow, change_of, has_sound_key, read_row

INLINE_ROWS = 300
CHECK_JOB = "import.check"
IMPORT_JOB = "import.take_in"
UNDO_JOB = "import.undo"
MOST_NAMED = 50

Step = Callable[[int, int], None]
Outcome = ImportRow.Outcome
_RESULT = ["key", "outcome", "before", "after", "problems"]


class CannotUndo(Refusal):
    """Rows were touched since; ``problems`` says which. Nothing was given back."""

    def __init__(self, sentence: str, problems: Sequence[Problem]) -> None:
        super().__init__(sentence)
        self.problems = list(problems)


@transaction.atomic
def receive_file(*, kind: str, file_name: str, content: bytes, actor: Actor) -> ImportBatch:
    """Keep the rows of a file and have them checked: at once where they are few, else by a worker.

    :raises UnreadableFile: it is no table, or lacks the columns by which a row is known.
    """
    importer = importer_named(kind)
    header, *rows = read_table(content)
    _need_names_once(header)
    columns = map_headers(importer, header)
    _need_key(importer, {name for _header, name in columns})
    batch = ImportBatch.objects.create(
        kind=kind, file_name=file_name[-200:], columns=columns, user_id=actor.user_id,
        actor_label=actor.label, row_count=sum(1 for row in rows if row),
    )  # fmt: skip
    names = [header for header, _name in columns]
    given: list[tuple[Any, ...]] = [
        (batch.pk, number, dict(zip(names, row, strict=False)), _beyond(names, row))
        for number, row in enumerate(rows, start=2)
        if row
    ]
    for group in chunks(given):
        bulk.insert(ImportRow, ["batch_id", "row_number", "given", "problems"], group)
    _run(batch, CHECK_JOB, _("Check %s"), check_batch, actor)
    return ImportBatch.objects.get(pk=batch.pk)


def start_import(*, batch_id: int, actor: Actor) -> ImportBatch:
    """Take in the good rows of a checked file: at once where they are few, else by a worker.

    :raises Refusal: it is imported, discarded or not checked yet.
    """
    return _begin(batch_id, "take_in", IMPORT_JOB, _("Import %s"), import_batch, actor)


def start_undo(*, batch_id: int, actor: Actor) -> ImportBatch:
    """Give an import back: at once where it is small, else by a worker.

    :raises Refusal: it is not imported, or (where it is small) rows were touched since.
    """
    return _begin(batch_id, "undo", UNDO_JOB, _("Undo %s"), undo_batch, actor)


@transaction.atomic
def discard(*, batch_id: int, actor: Actor) -> ImportBatch:
    """Forget a file that was not imported.

    :raises TransitionRefused: it was.
    """
    batch = ImportBatch.objects.lock(batch_id)
    workflow.perform(batch, "discard", actor=actor)
    return batch


@transaction.atomic
def _begin(
    batch_id: int, move: str, job: str, title: str, work: Callable[..., Any], actor: Actor
) -> ImportBatch:
    batch = ImportBatch.objects.select_related("job").lock(batch_id)
    if reason := workflow.refusal(batch, move):
        raise Refusal(reason)
    if batch.job and batch.job.is_unfinished:
        raise Refusal(_("%s is being worked on already.") % batch.number)
    _run(batch, job, title, work, actor)
    return ImportBatch.objects.get(pk=batch_id)


def _run(batch: ImportBatch, job: str, title: str, work: Callable[..., Any], actor: Actor) -> None:
    if batch.row_count <= INLINE_ROWS:
        work(batch_id=batch.pk, actor=actor)
        return
    started = start_job(
        kind=job, title=title % batch.file_name, params={"batch_id": batch.pk}, actor=actor
    )
    ImportBatch.objects.filter(pk=batch.pk).update(job=started)


def _need_key(importer: Importer, names: set[str]) -> None:
    missing = [
        str(importer.column(name).label)
        for name in importer.key
        if name not in names and not importer.column(name).can_be_empty
    ]
    if missing:
        raise UnreadableFile(
            _("The file has no column %(names)s, so nobody can tell what its rows mean.")
            % {"names": ", ".join(missing)}
        )


def _need_names_once(header: Sequence[str]) -> None:
    repeated = [name for name, times in Counter(filter(None, header)).items() if times > 1]
    if repeated:
        raise UnreadableFile(
            _("The file has several columns %(names)s: keep one of each.")
            % {"names": ", ".join(repeated)}
        )


def _beyond(names: Sequence[str], row: Sequence[str]) -> list[tuple[str, str]]:
    """What is wrong with a row that is longer than the header, as after a comma in a number."""
    if len(row) <= len(names):
        return []
    sentence = _("The row has more cells than the header: put cells with a comma in quotes.")
    return [("", sentence)]


# --- Checking ---------------------------------------------------------------------------------


def _no_step(done: int, total: int) -> None:
    """Nobody watches."""


@transaction.atomic
def check_batch(*, batch_id: int, actor: Actor, step: Step = _no_step) -> None:
    """Say for each row of an uploaded file whether it is new, changed, unchanged or wrong.

    :raises TransitionRefused: it is checked already.
    """
    batch = ImportBatch.objects.lock(batch_id)
    workflow.perform(batch, "check_rows", actor=actor)
    importer = importer_named(batch.kind)
    seen: dict[Any, int] = {}
    done = 0
    for group in _in_chunks(batch, Outcome.PENDING):
        reads = [_read(importer, batch, row) for row in group]
        _note_repeated(importer, reads, seen)
        _write_results(group, _results(importer, reads))
        done += len(group)
        step(done, batch.row_count)


def _in_chunks(batch: ImportBatch, *outcomes: str) -> Iterator[list[ImportRow]]:
    last = 0
    while True:
        rows = batch.rows.filter(outcome__in=outcomes, pk__gt=last).order_by("pk")
        group = list(rows[:CHUNK])
        if not group:
            return
        yield group
        last = group[-1].pk


def _read(importer: Importer, batch: ImportBatch, row: ImportRow) -> ReadRow:
    cells = {name: row.given.get(header, "") for header, name in batch.columns if name}
    read = read_row(importer, row.row_number, cells)
    read.problems += [(column, sentence) for column, sentence in row.problems]
    return read


def _note_repeated(importer: Importer, reads: Sequence[ReadRow], seen: dict[Any, int]) -> None:
    for each in reads:
        if each.problems:
            continue
        first = seen.setdefault(each.key, each.row_number)
        if first != each.row_number:
            title = importer.title_of(each.values)
            each.problems.append((importer.key[-1], f"{title} stands in row {first} already."))


def _results(importer: Importer, reads: Sequence[ReadRow]) -> list[tuple[Any, ...]]:
    state = importer.read({each.key for each in reads if has_sound_key(importer, each)})
    changes = [(each, change_of(importer, each, state.get(each.key))) for each in reads]
    sound = [change for each, change in changes if not each.problems and change.changed]
    found: dict[int, list[tuple[str, str]]] = {}
    for problem in importer.check(sound):
        found.setdefault(problem.row_number, []).append((problem.column, problem.sentence))
    return [
        _result(importer, change, each.problems + found.get(each.row_number, []))
        for each, change in changes
    ]


def _result(importer: Importer, change: Change, problems: list[tuple[str, str]]) -> tuple[Any, ...]:
    title = importer.title_of(change.after)[:255]
    if problems:
        return title, Outcome.ERROR.value, None, None, problems
    if change.before is None:
        return title, Outcome.NEW.value, None, change.after, []
    outcome = Outcome.CHANGED if change.changed else Outcome.UNCHANGED
    return title, outcome.value, change.before, change.after, []


def _write_results(group: Sequence[ImportRow], results: Sequence[tuple[Any, ...]]) -> None:
    rows = [(row.pk, *result) for row, result in zip(group, results, strict=True)]
    bulk.update(ImportRow, _RESULT, rows)


# --- Importing --------------------------------------------------------------------------------


@transaction.atomic
def import_batch(*, batch_id: int, actor: Actor, step: Step = _no_step) -> dict[str, int]:
    """Write what the check found; rows whose goods were changed since are left out, with a sentence.

    :raises TransitionRefused: it is not a checked file.
    """
    batch = ImportBatch.objects.lock(batch_id)
    workflow.perform(batch, "take_in", actor=actor, update_fields=["imported_at"])
    importer = importer_named(batch.kind)
    _lock(importer, batch)
    wanted: list[tuple[ImportRow, Change]] = []
    for group in _in_chunks(batch, *ImportRow.WANTED):
        wanted += _still_wanted(importer, group)
        step(len(wanted), 2 * batch.row_count)
    with _refused_whole():
        importer.write([change for _row, change in wanted], actor=actor, document=batch.number)
    for pairs in chunks(wanted):
        _keep_after(importer, pairs)
    step(batch.row_count, batch.row_count)
    return dict(Counter(batch.rows.values_list("outcome", flat=True)))


@contextmanager
def _refused_whole() -> Iterator[None]:
    """What only the database sees, such as the same row from two files at once, in a sentence."""
    try:
        yield
    except (IntegrityError, DataError) as error:
        sentence = _(
            "Nothing was changed: somebody wrote the same rows at this moment, or a sum is too"
            " large. Upload the file again."
        )
        raise Refusal(sentence) from error


def _lock(importer: Importer, batch: ImportBatch) -> None:
    afters = batch.rows.filter(outcome__in=ImportRow.WANTED).values_list("after", flat=True)
    importer.lock({importer.key_of(after or {}) for after in afters})


def _still_wanted(importer: Importer, group: Sequence[ImportRow]) -> list[tuple[ImportRow, Change]]:
    """The rows whose state is the one that was shown; the others become errors."""
    changes = [_change(importer, row) for row in group]
    now = importer.read({each.key for each in changes})
    stale: list[tuple[Any, ...]] = []
    wanted = []
    for row, change in zip(group, changes, strict=True):
        if now.get(change.key) == change.before:
            wanted.append((row, change))
        else:
            sentence = _("It was changed after the preview: upload the file again.")
            stale.append((row.pk, Outcome.ERROR.value, [("", sentence)]))
    bulk.update(ImportRow, ["outcome", "problems"], stale)
    return wanted


def _change(importer: Importer, row: ImportRow) -> Change:
    after = row.after or {}
    return Change(row.row_number, importer.key_of(after), row.before, after)


def _keep_after(importer: Importer, pairs: Sequence[tuple[ImportRow, Change]]) -> None:
    """Note the whole state of what is new, so that the undo sees any later touch."""
    new = [(row, change) for row, change in pairs if change.before is None]
    now = importer.read({change.key for _row, change in new})
    bulk.update(
        ImportRow,
        ["after"],
        [(row.pk, now[change.key]) for row, change in new if change.key in now],
    )


# --- Undoing ----------------------------------------------------------------------------------


@transaction.atomic
def undo_batch(*, batch_id: int, actor: Actor, step: Step = _no_step) -> None:
    """Put everything back as it was before the import: every row, or none.

    :raises CannotUndo: rows were touched or used since; it says which, and nothing was changed.
    :raises TransitionRefused: it is not imported.
    """
    batch = ImportBatch.objects.lock(batch_id)
    workflow.perform(batch, "undo", actor=actor, update_fields=["undone_at"])
    importer = importer_named(batch.kind)
    _lock(importer, batch)
    changes: list[Change] = []
    problems: list[Problem] = []
    for group in _in_chunks(batch, *ImportRow.WANTED):
        found = [_change(importer, row) for row in group]
        problems += _touched(importer, found)
        changes += found
        step(len(changes), 2 * batch.row_count)
    if problems:
        raise CannotUndo(_undo_sentence(problems), problems)
    with _refused_whole():
        importer.take_back(changes, actor=actor, document=batch.number)


def _touched(importer: Importer, changes: Sequence[Change]) -> list[Problem]:
    now = importer.read({each.key for each in changes})
    found = []
    for change in changes:
        state = now.get(change.key, {})
        names = change.changed if change.before is not None else list(change.after)
        touched = [name for name in names if state.get(name, "") != change.after[name]]
        if touched:
            found.append(_touched_problem(importer, change, state, touched[0]))
    said = {each.row_number for each in found}
    new = [each for each in changes if each.before is None and each.row_number not in said]
    return sorted([*found, *importer.in_use(new)], key=lambda each: each.row_number)


def _touched_problem(
    importer: Importer, change: Change, state: dict[str, str], name: str
) -> Problem:
    title = importer.title_of(change.after)
    if not state:
        return Problem(change.row_number, "", _("%s is gone.") % title)
    sentence = _("%(title)s was changed since: %(column)s is %(now)s, the import made it %(then)s.")
    facts = {
        "title": title,
        "column": importer.column(name).label,
        "now": state.get(name) or "–",
        "then": change.after[name] or "–",
    }
    return Problem(change.row_number, name, sentence % facts)


def _undo_sentence(problems: Sequence[Problem]) -> str:
    first = problems[0]
    head = _("The import stays: row %(row)s cannot be given back. %(sentence)s") % {
        "row": first.row_number,
        "sentence": first.sentence,
    }
    more = len(problems) - 1
    return f"{head} " + _("And %(n)s more rows.") % {"n": more} if more else head


# --- As background jobs -----------------------------------------------------------------------


def check_job(job: JobHandle) -> dict[str, Any]:
    """The check of a long file."""
    batch = _batch_of(job)
    check_batch(batch_id=batch.pk, actor=job.actor, step=job.progress)
    return _result_of(batch, _("%s is checked: look at what it would change.") % batch.file_name)


def import_job(job: JobHandle) -> dict[str, Any]:
    """The import of a long file."""
    batch = _batch_of(job)
    import_batch(batch_id=batch.pk, actor=job.actor, step=job.progress)
    return _result_of(batch, _("%s is imported.") % batch.file_name)


def undo_job(job: JobHandle) -> dict[str, Any]:
    """The undo of a long file."""
    batch = _batch_of(job)
    try:
        undo_batch(batch_id=batch.pk, actor=job.actor, step=job.progress)
    except CannotUndo as refusal:
        for each in refusal.problems:
            job.failed(_("row %s") % each.row_number, each.sentence)
        raise
    return _result_of(batch, _("%s is undone: everything is as it was before.") % batch.file_name)


def _batch_of(job: JobHandle) -> ImportBatch:
    return ImportBatch.objects.get(pk=job.params["batch_id"])


def _result_of(batch: ImportBatch, sentence: str) -> dict[str, Any]:
    return {"sentence": sentence, "url": f"/admin/imports/{batch.number}/"}


JOBS = {CHECK_JOB: check_job, IMPORT_JOB: import_job, UNDO_JOB: undo_job}
