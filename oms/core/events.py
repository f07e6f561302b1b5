"""Facts that apps announce, and who reacts to them.

An event is a frozen dataclass of ids and small values, never personal data. ``publish`` writes it
in the caller's transaction; the relay (``oms.core.outbox``) takes it to every subscriber.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, ClassVar

from oms.core import bulk, jobs
from oms.core.models.outbox import OutboxEvent


@dataclass(frozen=True)
class Event:
    """Base of all events. ``stream`` is the document whose events keep their order."""

    topic: ClassVar[str]

    @property
    def stream(self) -> str:
        raise NotImplementedError

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "topic" in cls.__dict__:
            if cls.topic in _topics:
                raise TypeError(f"Two events are called {cls.topic}.")
            _topics[cls.topic] = cls


_topics: dict[str, type[Event]] = {}


class How(Enum):
    """In which way a subscriber is called."""

    DATABASE = "database"  # one transaction with the mark "done": exactly once
    SENDER = "sender"  # outside any transaction with an idempotency key: at least once


Handler = Callable[[Sequence[Any]], None]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A named reaction. ``handle`` takes a list of events: at most ``batch`` of them at once.

    ``delay_s`` makes customer messages wait for an undo; ``queue`` is the Celery queue.
    """

    name: str
    event: type[Event]
    handle: Handler
    how: How
    queue: str
    batch: int
    delay_s: int


subscribers: dict[str, Subscriber] = {}


def subscribe(
    event: type[Event],
    handle: Handler,
    *,
    name: str,
    how: How = How.DATABASE,
    queue: str = "orders",
    batch: int = 1,
    delay_s: int = 0,
) -> None:
    """Register a reaction to an event; call it in ``ready()``."""
    subscribers[name] = Subscriber(name, event, handle, how, queue, batch, delay_s)


def subscribers_of(topic: str) -> list[Subscriber]:
    return [each for each in subscribers.values() if each.event.topic == topic]


def event_from(topic: str, payload: dict[str, Any]) -> Event:
    """The event that was written under ``topic``."""
    return _topics[topic](**payload)


def publish(*events: Event) -> None:
    """Announce facts: they are committed with the change, or not at all."""
    bulk.insert(
        OutboxEvent,
        ["topic", "stream", "payload"],
        [(event.topic, event.stream, asdict(event)) for event in events],
    )
    jobs.ring("oms.core.tasks.relay", queue="orders")
