"""Background jobs with progress: long work that a person starts, watches and may stop.

An app registers what a kind of job does; a service starts one in its transaction, a worker runs it
after the commit, at most once. A job whose message was lost is rung again; one whose worker died is
marked failed, for only a person knows whether to do it again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now

from oms.core import activity, cases, jobs, workflow
from oms.core.actors import SYSTEM, Actor
from oms.core.exceptions import Refusal
from oms.core.failpoints import failpoint
from oms.core.models.job import Job

logger = logging.getLogger(__name__)

RUN_TASK = "oms.core.tasks.run_job"
PULSE_S = 0.5
LOST_AFTER = timedelta(minutes=1)
RING_AGAIN_AFTER = timedelta(seconds=30)
MOST_FAILURES = 10_000


class JobCanceled(Exception):
    """Somebody stopped the job: let it through, so that the transaction is rolled back."""


class UnknownJob(LookupError):
    """No app registered this kind of job."""


@dataclass(slots=True)
class JobHandle:
    """What the work of a job sees of it: its parameters, and the way to say how far it is."""

    number: str
    params: dict[str, Any]
    actor: Actor
    done: int = 0
    total: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)
    _stopped: Event = field(default_factory=Event)

    def progress(self, done: int, total: int) -> None:
        """Say how far the work is; costs next to nothing, call it as often as you like.

        :raises JobCanceled: somebody stopped the job.
        """
        self.done, self.total = done, total
        if self._stopped.is_set():
            raise JobCanceled(self.number)

    def failed(self, place: str, sentence: str) -> None:
        """Note one part that could not be done (``place``: "row 12"); the page offers them as a file."""
        if len(self.failures) < MOST_FAILURES:
            self.failures.append({"place": place, "sentence": sentence})

    def stop(self) -> None:
        """Make the next ``progress`` end the work."""
        self._stopped.set()


Work = Callable[[JobHandle], dict[str, Any] | None]
"""Does the job and returns its result: JSON; ``sentence``, ``url`` and ``label`` are shown."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """``permission`` lets people see the jobs of this kind that others have started."""

    name: str
    work: Work
    permission: str


_kinds: dict[str, JobKind] = {}


def register_job(kind: str, work: Work, *, permission: str = "core.view_job") -> None:
    """Say what a kind of job does; an app calls it once, in ``ready()``."""
    known = _kinds.get(kind)
    if known and known.work is not work:
        raise ValueError(f"Two apps do jobs of the kind {kind!r}.")
    _kinds[kind] = JobKind(kind, work, permission)


def job_kinds() -> list[JobKind]:
    """Everything that was registered."""
    return list(_kinds.values())


@transaction.atomic
def start_job(
    *,
    kind: str,
    title: str,
    params: dict[str, Any],
    actor: Actor,
    queue: str = "reports",
) -> Job:
    """Queue a job; a worker begins when the transaction has committed.

    :raises UnknownJob: no app does jobs of this kind.
    """
    if kind not in _kinds:
        raise UnknownJob(f"No app does jobs of the kind {kind!r}.")
    job = Job.objects.create(
        kind=kind,
        title=title[:200],
        params=params,
        queue=queue,
        user_id=actor.user_id,
        actor_label=actor.label,
        surface=actor.surface,
    )
    jobs.enqueue(RUN_TASK, queue=queue, job_id=job.pk)
    return Job.objects.get(pk=job.pk)


@transaction.atomic
def cancel_job(*, job_id: int, actor: Actor) -> Job:
    """Stop a job: a queued one at once, a running one where it next says how far it is.

    :raises Refusal: it is finished.
    """
    job = Job.objects.lock(job_id)
    if not job.is_unfinished:
        raise Refusal(f"{job} is finished; there is nothing to stop.")
    if job.status == Job.Status.QUEUED:
        workflow.perform(job, "cancel", actor=actor, update_fields=["finished_at"])
    else:
        Job.objects.filter(pk=job_id).update(cancel_asked_at=Now())
        activity.record(job, "asked to stop", actor=actor)
    return Job.objects.get(pk=job_id)


def run_job(job_id: int) -> None:
    """Do a queued job; do nothing when it is begun or finished. Call it outside any transaction."""
    if connection.in_atomic_block:
        raise RuntimeError(
            "Jobs are done after the transaction that started them, never inside it."
        )
    job = _claim(job_id)
    if job is None:
        return
    failpoint("job.claimed")
    handle = JobHandle(job.number, job.params, _actor_of(job))
    with _Pulse(job_id, handle):
        ending = _do(job, handle)
    _end(job_id, handle, **ending)


def ring_queued_jobs(*, limit: int = 200) -> int:
    """Wake a worker for jobs whose message was lost; the sweeper's part."""
    waiting = Job.objects.filter(
        status=Job.Status.QUEUED, created_at__lt=Now() - RING_AGAIN_AFTER
    ).order_by("created_at")
    rung = list(waiting.values_list("pk", "queue")[:limit])
    for pk, queue in rung:
        if not jobs.send(RUN_TASK, queue=queue, job_id=pk):
            break
    return len(rung)


def fail_lost_jobs() -> int:
    """End the jobs whose worker gives no sign any more; how many there were."""
    lost = Job.objects.filter(status=Job.Status.RUNNING, heartbeat_at__lt=Now() - LOST_AFTER)
    keys = list(lost.order_by("pk").values_list("pk", flat=True))
    for pk in keys:
        _end(pk, None, transition="fail", error="The worker that did it has died. Start it again.")
    return len(keys)


# --- Inside -----------------------------------------------------------------------------------


def _claim(job_id: int) -> Job | None:
    with transaction.atomic():
        job = Job.objects.filter(status=Job.Status.QUEUED).lock_all([job_id])
        if not job:
            return None
        workflow.perform(
            job[0], "start", actor=SYSTEM, update_fields=["started_at", "heartbeat_at"]
        )
    return Job.objects.get(pk=job_id)


def _actor_of(job: Job) -> Actor:
    return Actor(label=job.actor_label, user_id=job.user_id, surface=job.surface)


def _do(job: Job, handle: JobHandle) -> dict[str, Any]:
    """Run the work; how the job ends."""
    kind = _kinds.get(job.kind)
    if kind is None:
        return {"transition": "fail", "error": f"Nobody here does {job.kind}."}
    try:
        return {"transition": "finish", "result": kind.work(handle) or {}}
    except JobCanceled:
        return {"transition": "cancel"}
    except Refusal as refusal:
        return {"transition": "fail", "error": str(refusal)}
    except SoftTimeLimitExceeded:
        return {"transition": "fail", "error": "It took too long and was stopped."}
    except Exception as error:
        logger.exception("%s (%s) failed", job.number, job.kind)
        return {
            "transition": "fail",
            "error": f"An error in the program stopped it ({type(error).__name__}). Nothing of the "
            "unfinished part was kept; the log has the details.",
        }


@transaction.atomic
def _end(
    job_id: int,
    handle: JobHandle | None,
    *,
    transition: str,
    error: str = "",
    result: dict[str, Any] | None = None,
) -> None:
    found = Job.objects.unfinished().lock_all([job_id])
    if not found:
        return
    job = found[0]
    job.error = error[:2000]
    changed = ["finished_at", "error"]
    if handle is not None:
        job.done, job.total, job.failures = handle.done, handle.total, handle.failures
        job.result = result or {}
        changed += ["done", "total", "failures", "result"]
    workflow.perform(job, transition, actor=_actor_of(job), note=error, update_fields=changed)
    if transition == "fail" and job.user_id is None:
        cases.open_case(
            kind="job_failed",
            dedupe_key=f"job:{job.kind}",
            sentence=f"{job.title}: {error}",
            document_kind="job",
            document_id=job.pk,
        )


class _Pulse(Thread):
    """Tells the table twice a second how far the job is, on the connection of its own thread.

    The work may stand in one long transaction; its connection would show nothing until the end.
    """

    _BEAT = (
        "UPDATE core_job SET done = %s, total = %s, heartbeat_at = statement_timestamp()"
        " WHERE id = %s AND status = 'running' RETURNING cancel_asked_at"
    )

    def __init__(self, job_id: int, handle: JobHandle) -> None:
        super().__init__(name=f"pulse-{handle.number}", daemon=True)
        self._job_id = job_id
        self._handle = handle
        self._over = Event()

    def __enter__(self) -> _Pulse:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        try:
            while not self._over.wait(PULSE_S):
                try:
                    self._beat()
                except DatabaseError:
                    logger.warning("The pulse of %s missed a beat.", self._handle.number)
                    connection.close()
        finally:
            connection.close()

    def _beat(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(self._BEAT, [self._handle.done, self._handle.total, self._job_id])
            row = cursor.fetchone()
        # No row: the sweeper took this worker for dead, or a person ended the job.
        if row is None or row[0] is not None:
            self._handle.stop()
