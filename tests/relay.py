"""The outbox in the test's own process: every event reaches its subscribers at once."""

from oms.core import outbox


def run_outbox() -> None:
    """Take all events to their subscribers, as a worker does; those with a delay keep waiting."""
    while woken := outbox.fan_out() | outbox.subscribers_with_due_work():
        for name in sorted(woken):
            outbox.deliver(name)
