"""The relay against a real database: order, exactly once, parking, lost doorbells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from oms.core import events, outbox
from oms.core.actors import Actor
from oms.core.events import Event, How, publish
from oms.core.exceptions import Refusal
from oms.core.models import Activity, Case, Counter, Delivery, OutboxEvent
from oms.core.numbering import next_gap_free

pytestmark = pytest.mark.django_db

DESK = Actor(label="Sales desk")


@dataclass(frozen=True)
class LampLit(Event):
    topic: ClassVar[str] = "tests.lamp_lit"
    lamp: int
    step: int = 0

    @property
    def stream(self) -> str:
        return f"lamp:{self.lamp}"


class Probe:
    """A subscriber that keeps what it got and fails when it is told to."""

    def __init__(self) -> None:
        self.got: list[LampLit] = []
        self.batches: list[int] = []
        self.broken_lamp: int | None = None

    def __call__(self, lit: Sequence[LampLit]) -> None:
        self.batches.append(len(lit))
        for event in lit:
            next_gap_free(f"lamp-{event.lamp}")
        if any(event.lamp == self.broken_lamp for event in lit):
            raise RuntimeError("The bulb is broken.")
        self.got.extend(lit)


@pytest.fixture
def subscribed() -> Iterator[dict[str, events.Subscriber]]:
    before = dict(events.subscribers)
    yield events.subscribers
    events.subscribers.clear()
    events.subscribers.update(before)


@pytest.fixture
def probe(subscribed: dict[str, events.Subscriber]) -> Probe:
    probe = Probe()
    events.subscribe(LampLit, probe, name="tests.probe", batch=100)
    return probe


def fan_out_and_deliver() -> int:
    outbox.fan_out()
    return outbox.deliver("tests.probe")


def make_due() -> None:
    Delivery.objects.update(due_at=Now() - timedelta(seconds=1))


def test_an_event_reaches_its_subscriber_once(probe: Probe) -> None:
    publish(LampLit(lamp=1))

    assert fan_out_and_deliver() == 1
    assert fan_out_and_deliver() == 0
    assert probe.got == [LampLit(lamp=1)]
    assert Delivery.objects.get().state == "done"


def test_an_event_of_a_rolled_back_change_never_leaves(probe: Probe) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        publish(LampLit(lamp=1))
        raise RuntimeError

    assert fan_out_and_deliver() == 0
    assert not OutboxEvent.objects.exists()


def test_different_streams_travel_in_one_batch(probe: Probe) -> None:
    publish(*[LampLit(lamp=n) for n in range(5)])

    fan_out_and_deliver()

    assert probe.batches == [5]


def test_events_of_one_stream_arrive_one_at_a_time_in_order(probe: Probe) -> None:
    publish(*[LampLit(lamp=1, step=n) for n in range(4)])

    fan_out_and_deliver()

    assert [event.step for event in probe.got] == [0, 1, 2, 3]
    assert probe.batches == [1, 1, 1, 1]


def test_one_broken_event_does_not_hold_up_the_others_of_its_batch(probe: Probe) -> None:
    probe.broken_lamp = 2
    publish(*[LampLit(lamp=n) for n in range(4)])

    fan_out_and_deliver()

    assert sorted(event.lamp for event in probe.got) == [0, 1, 3]
    broken = Delivery.objects.get(state="pending")
    assert broken.last_error == "RuntimeError: The bulb is broken."
    assert broken.due_at > timezone.now()


def test_a_failed_handler_leaves_nothing_of_its_work(probe: Probe) -> None:
    probe.broken_lamp = 7
    publish(LampLit(lamp=7))

    fan_out_and_deliver()

    assert not Counter.objects.filter(series="lamp-7").exists()


def test_a_delivery_that_keeps_failing_is_parked_and_becomes_a_case(probe: Probe) -> None:
    probe.broken_lamp = 1
    publish(LampLit(lamp=1), LampLit(lamp=1, step=1), LampLit(lamp=2))

    for _ in range(outbox.MAX_ATTEMPTS):
        fan_out_and_deliver()
        make_due()

    parked = Delivery.objects.get(state="parked")
    assert parked.attempts == outbox.MAX_ATTEMPTS
    assert [event.lamp for event in probe.got] == [2]
    assert Delivery.objects.filter(state="pending").count() == 1
    case = Case.objects.get()
    assert case.sentence == (
        "tests.probe gave up on tests.lamp_lit: RuntimeError: The bulb is broken."
    )


def test_a_parked_delivery_can_be_retried_and_frees_its_stream(probe: Probe) -> None:
    probe.broken_lamp = 1
    publish(LampLit(lamp=1), LampLit(lamp=1, step=1))
    for _ in range(outbox.MAX_ATTEMPTS):
        fan_out_and_deliver()
        make_due()
    probe.broken_lamp = None
    parked = Delivery.objects.get(state="parked")

    outbox.retry_parked(delivery_id=parked.pk, actor=DESK)
    fan_out_and_deliver()

    assert [event.step for event in probe.got] == [0, 1]
    assert Case.objects.get().closed_by == "Sales desk"
    assert Activity.objects.get(document_kind="delivery").verb == "retried"


def test_retrying_what_is_not_parked_is_refused(probe: Probe) -> None:
    publish(LampLit(lamp=1))
    fan_out_and_deliver()

    with pytest.raises(Refusal, match="not parked any more"):
        outbox.retry_parked(delivery_id=Delivery.objects.get().pk, actor=DESK)

    assert Delivery.objects.get().state == "done"
    assert not Activity.objects.exists()


def test_a_claim_counts_even_when_the_worker_never_comes_back(probe: Probe) -> None:
    publish(LampLit(lamp=1))
    outbox.fan_out()

    for _ in range(outbox.MAX_ATTEMPTS):
        assert outbox._claim(events.subscribers["tests.probe"]) is not None
        Delivery.objects.update(lease_until=Now() - timedelta(seconds=1))
    fan_out_and_deliver()

    assert probe.got == []
    assert Delivery.objects.get().state == "parked"


def test_a_worker_whose_lease_was_taken_over_does_not_apply_its_events(probe: Probe) -> None:
    subscriber = events.subscribers["tests.probe"]
    publish(LampLit(lamp=1))
    outbox.fan_out()
    late = outbox._claim(subscriber)
    assert late is not None
    Delivery.objects.update(lease_until=Now() - timedelta(seconds=1))

    fan_out_and_deliver()
    outbox._deliver_claimed(subscriber, *late)

    assert probe.got == [LampLit(lamp=1)]
    assert Counter.objects.get(series="lamp-1").last == 1


def test_a_suspect_travels_alone(probe: Probe) -> None:
    publish(*[LampLit(lamp=n) for n in range(3)])
    outbox.fan_out()
    Delivery.objects.filter(stream="lamp:1").update(attempts=3)

    outbox.deliver("tests.probe")

    assert probe.batches == [1, 2]


def test_a_delayed_subscriber_waits(subscribed: dict[str, events.Subscriber]) -> None:
    probe = Probe()
    events.subscribe(LampLit, probe, name="tests.probe", delay_s=60)
    publish(LampLit(lamp=1))

    assert fan_out_and_deliver() == 0
    make_due()
    assert outbox.deliver("tests.probe") == 1


def test_the_sweeper_finds_work_whose_doorbell_was_lost(probe: Probe) -> None:
    publish(LampLit(lamp=1))
    outbox.fan_out()

    assert outbox.subscribers_with_due_work() == {"tests.probe"}
    outbox.deliver("tests.probe")
    assert outbox.subscribers_with_due_work() == set()


def test_two_subscribers_each_get_the_event(
    probe: Probe, subscribed: dict[str, events.Subscriber]
) -> None:
    other = Probe()
    events.subscribe(LampLit, other, name="tests.other")
    probe.broken_lamp = 1
    publish(LampLit(lamp=1))

    outbox.fan_out()
    outbox.deliver("tests.probe")
    outbox.deliver("tests.other")

    assert probe.got == []
    assert other.got == [LampLit(lamp=1)]


def test_a_sender_runs_outside_any_transaction(
    subscribed: dict[str, events.Subscriber], transactional_db: None
) -> None:
    seen: list[bool] = []

    def send(lit: Sequence[LampLit]) -> None:
        seen.append(transaction.get_connection().in_atomic_block)

    events.subscribe(LampLit, send, name="tests.sender", how=How.SENDER)
    publish(LampLit(lamp=1))
    outbox.fan_out()
    outbox.deliver("tests.sender")

    assert seen == [False]
    assert Delivery.objects.get().state == "done"


def test_old_events_are_pruned_only_when_everybody_has_had_them(probe: Probe) -> None:
    publish(LampLit(lamp=1), LampLit(lamp=2))
    probe.broken_lamp = 2
    fan_out_and_deliver()
    OutboxEvent.objects.update(created_at=Now() - timedelta(days=8))

    outbox.prune(older_than=timedelta(days=7))

    assert [event.stream for event in OutboxEvent.objects.all()] == ["lamp:2"]
