"""Celery's way into the kernel: ids in, one call, safe to run twice."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from oms.core import findings, heartbeat, jobs, messages, outbox, papers, progress

RELAY = "oms.core.tasks.relay"


@shared_task
def relay() -> None:
    """Fan new events out and wake the subscribers that got work."""
    jobs.stop_ringing(RELAY, "orders")
    outbox.ring_subscribers(outbox.fan_out())


@shared_task
def deliver(subscriber: str) -> None:
    """Work off what is due for one subscriber."""
    outbox.deliver(subscriber)


@shared_task
def sweep_outbox() -> None:
    """Find the rows whose doorbell was lost; runs every few seconds."""
    outbox.ring_subscribers(outbox.fan_out() | outbox.subscribers_with_due_work())


@shared_task
def prune_outbox() -> None:
    """Delete events that everybody has had for a week."""
    outbox.prune(older_than=timedelta(days=7))


@shared_task
def beat_heartbeat() -> None:
    """Prove that a worker is alive."""
    heartbeat.beat()


@shared_task
def render_paper(paper_id: int) -> None:
    """Draw one paper."""
    papers.render_paper(paper_id)


@shared_task
def send_message(message_id: int) -> None:
    """Send one message."""
    messages.send_message(message_id)


@shared_task
def sweep_papers_and_messages() -> None:
    """Find papers and messages whose doorbell was lost or whose time has come."""
    papers.ring_queued_papers()
    messages.ring_due_messages()


@shared_task(soft_time_limit=3_000, time_limit=3_300)
def run_job(job_id: int) -> None:
    """Do one background job; it may take most of an hour."""
    progress.run_job(job_id)


@shared_task
def sweep_jobs() -> None:
    """Find background jobs whose message was lost or whose worker died."""
    progress.ring_queued_jobs()
    progress.fail_lost_jobs()


@shared_task
def check_invariants() -> None:
    """Hold the books against themselves every night; what does not agree becomes cases."""
    findings.report_findings()
