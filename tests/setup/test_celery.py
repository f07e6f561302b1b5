from importlib import import_module

import pytest
from django.conf import settings

from oms.celery import app


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()

    missing = {entry["task"] for entry in app.conf.beat_schedule.values()} - set(app.tasks)

    assert missing == set()


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("orders.tasks.expire_quotes", "orders"),
        ("inventory.tasks.expire_reservations", "orders"),
        ("fulfillment.tasks.route_orders", "orders"),
        ("fulfillment.tasks.render_packing_slip", "documents"),
        ("orders.tasks.send_confirmation", "messages"),
        ("channels.tasks.pull", "channels"),
        ("reports.tasks.roll_up", "reports"),
        ("oms.core.tasks.beat_heartbeat", "celery"),
    ],
)
def test_tasks_go_to_the_queue_of_their_kind(task: str, queue: str) -> None:
    route = app.amqp.router.route({}, task, (), {})

    assert route["queue"].name == queue


def test_a_task_is_lost_by_nobody() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.accept_content == ["json"]
    assert app.conf.broker_transport_options["visibility_timeout"] > app.conf.task_time_limit


def test_the_demo_worker_serves_every_queue() -> None:
    demo = import_module("oms.supervisor.demo")

    assert sorted(demo.QUEUES.split(",")) == sorted(settings.QUEUES)
