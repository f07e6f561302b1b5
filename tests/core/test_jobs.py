"""Background jobs: begun once, seen while they run, stopped by a person, never silently lost."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from oms.core import progress
from oms.core.actors import SYSTEM, Actor
from oms.core.exceptions import Refusal
from oms.core.models import Activity, Case, Job
from oms.core.progress import (
    JobCanceled,
    JobHandle,
    UnknownJob,
    cancel_job,
    fail_lost_jobs,
    register_job,
    ring_queued_jobs,
    run_job,
    start_job,
)
from tests.people import browser_of, key_on, make_person

PERSON = Actor(label="Mia Manager")


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_kinds", {})
    monkeypatch.setattr(progress, "PULSE_S", 0.01)


def start(**changes: Any) -> Job:
    facts = {"kind": "count", "title": "Count to three", "params": {"to": 3}, "actor": PERSON}
    return start_job(**{**facts, **changes})


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def count(job: JobHandle) -> dict[str, Any]:
    to = job.params["to"]
    for n in range(1, to + 1):
        job.progress(n, to)
    return {"sentence": f"Counted to {to}.", "url": "/admin/"}


def until_stopped(job: JobHandle) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        job.progress(1, 2)
        time.sleep(0.005)


def test_a_job_is_done_once_and_keeps_its_result(transactional_db: None, jobs: None) -> None:
    register_job("count", count)
    job = start()
    assert (job.status, job.number[:3], job.actor_label) == ("queued", "JB-", "Mia Manager")

    run_job(job.pk)
    run_job(job.pk)

    done = fresh(job)
    assert (done.status, done.done, done.total) == ("done", 3, 3)
    assert done.result == {"sentence": "Counted to 3.", "url": "/admin/"}
    assert done.created_at <= done.started_at <= done.finished_at
    moves = Activity.objects.filter(document_kind="job").order_by("id")
    assert list(moves.values_list("verb", flat=True)) == ["start", "finish"]


def test_a_refusal_and_an_error_say_why_it_failed(transactional_db: None, jobs: None) -> None:
    def refuse(_job: JobHandle) -> None:
        raise Refusal("Choose a rule set that is a draft.")

    def break_down(_job: JobHandle) -> None:
        raise ZeroDivisionError

    register_job("count", refuse)
    register_job("other", break_down)

    first, second = start(), start(kind="other")
    run_job(first.pk)
    run_job(second.pk)

    assert (fresh(first).status, fresh(first).error) == (
        "failed",
        "Choose a rule set that is a draft.",
    )
    assert fresh(second).status == "failed"
    assert "An error in the program stopped it (ZeroDivisionError)." in fresh(second).error


def test_what_nobody_does_is_not_started(db: None, jobs: None) -> None:
    with pytest.raises(UnknownJob):
        start()

    assert not Job.objects.exists()


def test_a_job_whose_transaction_is_rolled_back_was_never_there(
    transactional_db: None, jobs: None
) -> None:
    register_job("count", count)

    with pytest.raises(RuntimeError), transaction.atomic():
        start()
        raise RuntimeError

    assert not Job.objects.exists()


def test_progress_is_seen_while_the_work_stands_in_one_transaction(
    transactional_db: None, jobs: None
) -> None:
    seen: list[tuple[int, int]] = []

    def work(job: JobHandle) -> None:
        with transaction.atomic():
            job.progress(40, 100)
            deadline = time.monotonic() + 30
            while not seen and time.monotonic() < deadline:
                row = Job.objects.get(number=job.number)
                if row.total:
                    seen.append((row.done, row.total))

    register_job("count", work)
    run_job(start().pk)

    assert seen == [(40, 100)]


def test_a_queued_job_is_stopped_at_once(transactional_db: None, jobs: None) -> None:
    register_job("count", count)
    job = start()

    cancel_job(job_id=job.pk, actor=PERSON)
    run_job(job.pk)

    assert fresh(job).status == "canceled"
    with pytest.raises(Refusal, match="finished"):
        cancel_job(job_id=job.pk, actor=PERSON)


def test_a_running_job_is_stopped_and_its_transaction_undone(
    transactional_db: None, jobs: None
) -> None:
    def work(job: JobHandle) -> None:
        cancel_job(job_id=Job.objects.get(number=job.number).pk, actor=PERSON)
        with transaction.atomic():
            Case.objects.create(kind="x", dedupe_key="x", sentence="x")
            until_stopped(job)

    register_job("count", work)
    job = start()

    run_job(job.pk)

    assert fresh(job).status == "canceled"
    assert not Case.objects.exists()


def test_work_that_ended_before_it_saw_the_stop_is_done(transactional_db: None, jobs: None) -> None:
    def work(job: JobHandle) -> None:
        cancel_job(job_id=Job.objects.get(number=job.number).pk, actor=PERSON)

    register_job("count", work)
    job = start()

    run_job(job.pk)

    assert fresh(job).status == "done"


def test_a_job_whose_message_was_lost_is_rung_again(transactional_db: None, jobs: None) -> None:
    register_job("count", count)
    start()
    assert ring_queued_jobs() == 0

    Job.objects.update(created_at=timezone.now() - timedelta(seconds=31))

    assert ring_queued_jobs() == 1


def test_a_job_whose_worker_died_fails_and_the_slow_worker_finds_it_gone(
    transactional_db: None, jobs: None
) -> None:
    def work(job: JobHandle) -> None:
        while Job.objects.get(number=job.number).status == "running":
            Job.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=2))
            fail_lost_jobs()
        until_stopped(job)

    register_job("count", work)
    job = start(actor=SYSTEM)

    run_job(job.pk)

    lost = fresh(job)
    assert (lost.status, lost.error) == (
        "failed",
        "The worker that did it has died. Start it again.",
    )
    assert Case.objects.get(kind="job_failed").document_id == job.pk


def test_a_handle_that_was_stopped_says_so_at_the_next_progress() -> None:
    handle = JobHandle("JB-1", {}, SYSTEM)
    handle.progress(1, 2)
    handle.stop()

    with pytest.raises(JobCanceled):
        handle.progress(2, 2)


def test_jobs_are_never_run_inside_a_transaction(db: None, jobs: None) -> None:
    with pytest.raises(RuntimeError, match="after the transaction"):
        run_job(1)


# --- Pages ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_page_shows_progress_and_its_box_asks_again_until_the_end(jobs: None) -> None:
    register_job("count", count)
    person = make_person("sales_rep")
    client = browser_of(person)
    job = start(actor=Actor.of(person))
    page = f"/admin/jobs/{job.number}/"

    whole = client.get(page).content.decode()
    part = client.get(page, headers={"HX-Request": "true"}).content.decode()

    assert "<html" in whole
    assert 'hx-trigger="every 1s"' in whole
    assert "<html" not in part
    assert 'hx-trigger="every 1s"' in part
    cancel_job(job_id=job.pk, actor=PERSON)
    ended = client.get(page, headers={"HX-Request": "true"})
    assert "hx-trigger" not in ended.content.decode()
    assert ended["HX-Retarget"] == f"#job-{job.number}"
    assert client.get(f"{page}?reload=1", headers={"HX-Request": "true"})["HX-Refresh"] == "true"


@pytest.mark.django_db
def test_people_see_their_own_jobs_and_managers_everybodys(jobs: None) -> None:
    register_job("count", count)
    mine, other = make_person("sales_rep", "mine"), make_person("sales_rep", "other")
    job = start(actor=Actor.of(mine))
    page = f"/admin/jobs/{job.number}/"

    assert browser_of(mine).get(page).status_code == 200
    assert browser_of(other).get(page).status_code == 404
    assert browser_of(make_person("manager")).get(page).status_code == 200
    assert job.number not in browser_of(other).get("/admin/jobs/").content.decode()
    assert job.number in browser_of(mine).get("/admin/jobs/").content.decode()


@pytest.mark.django_db
def test_a_kind_of_job_may_be_shown_to_those_it_concerns_but_only_its_owner_stops_it(
    jobs: None,
) -> None:
    register_job("count", count, permission="orders.view_order")
    job = start(actor=Actor.of(make_person("sales_rep", "mine")))
    other = browser_of(make_person("sales_rep", "other"))
    page = f"/admin/jobs/{job.number}/"

    shown = other.get(page)
    refused = other.post(f"{page}cancel/", {"form_key": "k" * 20})

    assert (shown.status_code, "cancel/" in shown.content.decode()) == (200, False)
    assert refused.status_code == 403
    assert fresh(job).status == "queued"


@pytest.mark.django_db
def test_the_stop_button_stops_a_job_and_later_says_that_it_is_finished(jobs: None) -> None:
    register_job("count", count)
    client = browser_of(make_person("manager"))
    job = start()
    page = f"/admin/jobs/{job.number}/"
    key = key_on(client, page)

    first = client.post(f"{page}cancel/", {"form_key": key})
    again = client.post(f"{page}cancel/", {"form_key": "another-key-1"})

    assert (first.status_code, again.status_code) == (302, 409)
    assert "there is nothing to stop" in again.content.decode()
    assert fresh(job).status == "canceled"


def test_what_could_not_be_done_is_offered_as_a_file_without_formulas(
    transactional_db: None, jobs: None
) -> None:
    def work(job: JobHandle) -> dict[str, Any]:
        job.failed("row 12", "=cmd is no number.")
        return {"sentence": "One row was left out."}

    register_job("count", work)
    job = start()
    run_job(job.pk)
    client = browser_of(make_person("manager"))

    page = client.get(f"/admin/jobs/{job.number}/").content.decode()
    answer = client.get(f"/admin/jobs/{job.number}/failures.csv")

    assert "One row was left out." in page
    assert f"/admin/jobs/{job.number}/failures.csv" in page
    text = b"".join(answer).decode()
    assert text == "\ufeffWhere,What is wrong\r\nrow 12,'=cmd is no number.\r\n"
