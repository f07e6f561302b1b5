import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from oms.core import heartbeat
from oms.core.models import OutboxEvent


def test_healthz_answers_without_a_database(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_is_ready_when_a_worker_has_just_answered(client: Client) -> None:
    heartbeat.beat()

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "reasons": {}})


@pytest.mark.django_db
def test_readyz_tells_of_a_silent_worker(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oms.health.HEARTBEAT_LIMIT", timedelta(seconds=-1))
    heartbeat.beat()

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    (reason,) = answer.json()["reasons"].items()
    assert reason[0] == "worker"
    assert re.fullmatch(r"No worker has answered for \d s\.", reason[1])


@pytest.mark.django_db
def test_readyz_tells_of_an_event_that_nobody_took(client: Client) -> None:
    heartbeat.beat()
    since = timezone.now() - timedelta(seconds=300)
    OutboxEvent.objects.create(topic="test", stream="test", payload={}, created_at=since)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    (reason,) = answer.json()["reasons"].items()
    assert reason[0] == "queue"
    assert re.fullmatch(r"The oldest waiting event is 3\d\d s old\.", reason[1])


@pytest.mark.django_db
def test_readyz_counts_migrations_that_wait(client: Client) -> None:
    heartbeat.beat()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    reason = "1 migrations are not applied; run manage.py migrate."
    assert answer.json()["reasons"] == {"migrations": reason}


@pytest.mark.django_db
def test_readyz_tells_of_a_broker_that_is_gone(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    reason = "The broker does not answer: ConnectionError."
    assert answer.json()["reasons"] == {"worker": reason}


def test_readyz_tells_of_a_database_that_is_gone(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: DjangoDbBlocker,
    servers: None,
) -> None:
    heartbeat.beat()
    with django_db_blocker.unblock():
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "HOST", "/nonexistent")
        answer = client.get("/readyz")
        connection.close()

    assert answer.status_code == 503
    assert answer.json()["reasons"] == dict.fromkeys(
        ("database", "migrations", "queue"), "The database does not answer: OperationalError."
    )


def test_version_names_the_release(client: Client) -> None:
    answer = client.get("/version")

    release = (
        (settings.BASE_DIR / "pyproject.toml").read_text().split('version = "')[1].split('"')[0]
    )
    assert answer.json()["version"] == release
