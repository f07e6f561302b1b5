"""Background jobs with real workers: done by one, seen as lost when it is killed."""

from __future__ import annotations

import signal
from datetime import timedelta

from django.utils import timezone

from oms.core.actors import SYSTEM
from oms.core.import_batches import CHECK_JOB
from oms.core.models import Case, ImportBatch, ImportRow, Job
from oms.core.progress import start_job
from oms.core.tasks import sweep_jobs
from tests.faults.conftest import Floor

LOST = "The worker that did it has died. Start it again."


def start() -> Job:
    """The check of a small file, on a queue that the floor's workers serve."""
    batch = ImportBatch.objects.create(
        kind="products", file_name="parts.csv", columns=[["SKU", "sku"], ["Name", "name"]],
        row_count=1, actor_label="System",
    )  # fmt: skip
    ImportRow.objects.create(batch=batch, row_number=2, given={"SKU": "A-1", "Name": "Lamp"})
    return start_job(
        kind=CHECK_JOB, title="Check parts.csv", params={"batch_id": batch.pk}, actor=SYSTEM,
        queue="orders",
    )  # fmt: skip


def status_of(job: Job) -> str:
    return Job.objects.get(pk=job.pk).status


def test_a_worker_does_a_job(floor: Floor) -> None:
    floor.start_worker()

    job = start()

    floor.wait_until(lambda: status_of(job) == "done")
    assert ImportRow.objects.get().outcome == "new"


def test_a_killed_worker_leaves_a_job_that_fails_with_a_sentence_and_changed_nothing(
    floor: Floor,
) -> None:
    victim = floor.start_worker(failpoint="job.claimed")
    job = start()
    victim.wait(timeout=60)
    assert victim.returncode == -signal.SIGKILL
    assert status_of(job) == "running"
    floor.start_worker()
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=2))

    sweep_jobs()

    assert (status_of(job), Job.objects.get().error) == ("failed", LOST)
    assert ImportRow.objects.get().outcome == "pending"
    assert Case.objects.get(kind="job_failed").document_id == job.pk


def test_a_job_whose_message_was_lost_is_found_by_the_sweeper(floor: Floor) -> None:
    job = start()
    floor.flush_broker()
    floor.start_worker()
    Job.objects.update(created_at=timezone.now() - timedelta(minutes=1))

    floor.wait_until(lambda: (sweep_jobs(), status_of(job) == "done")[-1])
