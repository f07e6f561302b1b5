"""The relay: takes committed events to their subscribers, at least once or exactly once.

``fan_out`` makes one delivery per subscriber. ``deliver`` claims deliveries with a lease, raising
``attempts`` at the claim so that a killed worker counts too, and runs the handler: a database
handler in one transaction with the mark "done", a sender outside any transaction. Within one stream
(an order's events) a subscriber sees one event at a time, in order. A delivery that keeps failing is
parked, becomes a case, and holds up nothing but the later events of its own stream.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from oms.core import activity, cases, jobs
from oms.core.actors import Actor
from oms.core.events import How, Subscriber, event_from, subscribers, subscribers_of
from oms.core.exceptions import Refusal
from oms.core.models.outbox import Delivery, OutboxEvent

logger = logging.getLogger(__name__)

FAN_OUT = 500
MAX_ATTEMPTS = 10
LEASE = timedelta(minutes=2)
DELIVER_TASK = "oms.core.tasks.deliver"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker holds until its lease ends."""

    id: int
    attempts: int
    topic: str
    payload: dict[str, Any]


# --- Fan-out ----------------------------------------------------------------------------------


def fan_out() -> set[str]:
    """Make deliveries for the next events; the names of the subscribers that have work now."""
    woken: set[str] = set()
    while True:
        with transaction.atomic():
            events = list(
                OutboxEvent.objects.filter(fanned_out_at=None)
                .order_by("id")
                .select_for_update(skip_locked=True)[:FAN_OUT]
            )
            if events:
                woken |= _make_deliveries(events)
        if len(events) < FAN_OUT:
            return woken


def _make_deliveries(events: Sequence[OutboxEvent]) -> set[str]:
    pairs = [(event, each) for event in events for each in subscribers_of(event.topic)]
    Delivery.objects.bulk_create(
        [
            Delivery(
                event=event,
                subscriber=subscriber.name,
                stream=event.stream,
                due_at=Now() + timedelta(seconds=subscriber.delay_s),
            )
            for event, subscriber in pairs
        ],
        ignore_conflicts=True,
    )
    OutboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(fanned_out_at=Now())
    return {subscriber.name for _, subscriber in pairs if not subscriber.delay_s}


def ring_subscribers(names: set[str]) -> None:
    """Wake a worker for each of these subscribers."""
    for name in sorted(names):
        jobs.send(DELIVER_TASK, queue=subscribers[name].queue, subscriber=name)


def subscribers_with_due_work() -> set[str]:
    """What the sweeper wakes: due deliveries whose doorbell was lost or whose lease ran out."""
    due = Delivery.objects.filter(state=Delivery.State.PENDING, due_at__lte=Now())
    free = due.exclude(lease_until__gt=Now())
    return set(free.values_list("subscriber", flat=True).distinct()) & set(subscribers)


# --- Delivery ---------------------------------------------------------------------------------


def deliver(name: str) -> int:
    """Deliver everything that is due for a subscriber; how many deliveries were done."""
    subscriber = subscribers[name]
    done = 0
    while claimed := _claim(subscriber):
        done += _deliver_claimed(subscriber, *claimed)
    return done


_CLAIM = """
WITH due AS (
    SELECT d.id FROM core_delivery d
    WHERE d.subscriber = %(name)s AND d.state = 'pending' AND d.due_at <= statement_timestamp()
      AND (d.lease_until IS NULL OR d.lease_until < statement_timestamp())
      AND NOT EXISTS (
          SELECT 1 FROM core_delivery earlier
          WHERE earlier.subscriber = d.subscriber AND earlier.stream = d.stream
            AND earlier.state IN ('pending', 'parked') AND earlier.id < d.id)
    ORDER BY d.id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED),
fresh AS (SELECT min(d.id) AS suspect FROM core_delivery d JOIN due USING (id) WHERE d.attempts > 0)
UPDATE core_delivery d
SET attempts = d.attempts + 1, lease_until = statement_timestamp() + %(lease)s, lease_token = %(token)s
FROM core_outboxevent e, due, fresh
WHERE d.id = due.id AND e.id = d.event_id
  AND (fresh.suspect IS NULL OR d.id = fresh.suspect)
RETURNING d.id, d.attempts, e.topic, e.payload
"""


def _claim(subscriber: Subscriber) -> tuple[UUID, list[Claimed]] | None:
    """The next batch. A delivery that failed or killed before travels alone, to harm no other."""
    token = uuid4()
    limits: dict[str, Any] = {
        "name": subscriber.name,
        "limit": subscriber.batch,
        "lease": LEASE,
        "token": str(token),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, limits)
        rows = [
            Claimed(pk, attempts, topic, json.loads(payload))
            for pk, attempts, topic, payload in cursor.fetchall()
        ]
    return (token, sorted(rows, key=lambda row: row.id)) if rows else None


def _deliver_claimed(subscriber: Subscriber, token: UUID, claimed: list[Claimed]) -> int:
    if len(claimed) == 1 and claimed[0].attempts > MAX_ATTEMPTS:
        _park(subscriber, claimed[0], "It was claimed ten times and never came back.")
        return 0
    try:
        _run(subscriber, token, claimed)
    except Exception as error:  # noqa: BLE001 - a handler may fail in any way; the queue goes on
        if len(claimed) > 1:
            return sum(_deliver_claimed(subscriber, token, [each]) for each in claimed)
        _fail(subscriber, claimed[0], error)
        return 0
    return len(claimed)


def _run(subscriber: Subscriber, token: UUID, claimed: list[Claimed]) -> None:
    events = [event_from(each.topic, each.payload) for each in claimed]
    keys = [each.id for each in claimed]
    if subscriber.how is How.DATABASE:
        with transaction.atomic():
            held = _still_held(keys, token)
            if len(held) == len(keys):
                subscriber.handle(events)
                _mark_done(keys)
    else:
        subscriber.handle(events)
        with transaction.atomic():
            _mark_done(_still_held(keys, token))


def _still_held(keys: list[int], token: UUID) -> list[int]:
    """Which of these deliveries are still ours: another worker takes over after the lease."""
    rows = Delivery.objects.filter(pk__in=keys, lease_token=token, state=Delivery.State.PENDING)
    return list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))


def _mark_done(keys: list[int]) -> None:
    Delivery.objects.filter(pk__in=keys).update(
        state=Delivery.State.DONE, done_at=Now(), lease_until=None, last_error=""
    )


def _fail(subscriber: Subscriber, claimed: Claimed, error: Exception) -> None:
    logger.error("%s failed on event %s", subscriber.name, claimed.topic, exc_info=error)
    sentence = str(error) if isinstance(error, Refusal) else _last_line(error)
    if claimed.attempts >= MAX_ATTEMPTS:
        _park(subscriber, claimed, sentence)
        return
    wait = timedelta(seconds=min(2**claimed.attempts, 900))
    Delivery.objects.filter(pk=claimed.id, state=Delivery.State.PENDING).update(
        due_at=Now() + wait, lease_until=None, last_error=sentence[:2000]
    )


def _last_line(error: Exception) -> str:
    # A database error quotes the row it refused; rows hold personal data, the first line does not.
    lines = traceback.format_exception_only(error)
    return (lines[0] if isinstance(error, DatabaseError) else lines[-1]).strip().split("\n")[0]


def _park(subscriber: Subscriber, claimed: Claimed, sentence: str) -> None:
    with transaction.atomic():
        Delivery.objects.filter(pk=claimed.id, state=Delivery.State.PENDING).update(
            state=Delivery.State.PARKED, lease_until=None, last_error=sentence[:2000]
        )
        cases.open_case(
            kind="parked_delivery",
            dedupe_key=f"delivery:{claimed.id}",
            sentence=f"{subscriber.name} gave up on {claimed.topic}: {sentence}",
            proposed_fix="retry_delivery",
            document_kind="delivery",
            document_id=claimed.id,
        )


def retry_parked(*, delivery_id: int, actor: Actor) -> None:
    """Give a parked delivery ten new attempts and close its case.

    :raises Refusal: the delivery is not parked (any more).
    """
    with transaction.atomic():
        found = Delivery.objects.filter(pk=delivery_id, state=Delivery.State.PARKED).update(
            state=Delivery.State.PENDING, attempts=0, due_at=Now(), lease_until=None
        )
        if not found:
            raise Refusal("This delivery is not parked any more.")
        delivery = Delivery.objects.get(pk=delivery_id)
        activity.record(delivery, "retried", actor=actor, old="parked", new="pending")
        cases.close_case(f"delivery:{delivery_id}", actor=actor)
        if subscriber := subscribers.get(delivery.subscriber):
            jobs.enqueue(DELIVER_TASK, queue=subscriber.queue, subscriber=subscriber.name)


def prune(*, older_than: timedelta) -> int:
    """Delete events whose deliveries are all done; how many events went."""
    old = OutboxEvent.objects.filter(
        fanned_out_at__isnull=False, created_at__lt=timezone.now() - older_than
    )
    kept = Delivery.objects.exclude(state=Delivery.State.DONE).values("event_id")
    deleted, _ = old.exclude(pk__in=kept).delete()
    return deleted
