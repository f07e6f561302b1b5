"""The container files are checked by reading them; no engine runs in these tests."""

from typing import Any

import pytest
import yaml
from django.conf import settings


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    compose = yaml.safe_load((settings.BASE_DIR / "docker-compose.yml").read_text())
    return dict(compose["services"])


def test_compose_has_the_whole_set(services: dict[str, Any]) -> None:
    assert set(services) == {"migrate", "web", "worker", "beat", "postgres", "redis"}


@pytest.mark.parametrize("name", ["web", "worker", "beat", "postgres", "redis"])
def test_every_lasting_service_has_a_health_check(services: dict[str, Any], name: str) -> None:
    assert services[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_our_services_wait_for_servers_and_migrations(services: dict[str, Any], name: str) -> None:
    assert {key: value["condition"] for key, value in services[name]["depends_on"].items()} == {
        "postgres": "service_healthy",
        "redis": "service_healthy",
        "migrate": "service_completed_successfully",
    }


def test_the_worker_serves_every_queue(services: dict[str, Any]) -> None:
    command = services["worker"]["command"]

    assert sorted(command[command.index("-Q") + 1].split(",")) == sorted(settings.QUEUES)


def test_redis_keeps_what_it_was_told(services: dict[str, Any]) -> None:
    assert services["redis"]["command"][1:] == [
        "--appendonly",
        "yes",
        "--maxmemory-policy",
        "noeviction",
    ]


def test_compose_passes_every_setting_that_production_needs(services: dict[str, Any]) -> None:
    for name in ("web", "worker", "beat", "migrate"):
        given = set(services[name]["environment"])
        needed = {"SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"}
        assert needed <= given, name


def test_the_image_installs_hashed_packages_and_leaves_root() -> None:
    lines = (settings.BASE_DIR / "Dockerfile").read_text()

    assert "--require-hashes -r requirements.lock" in lines
    assert lines.rindex("USER oms") > lines.rindex("RUN ")
    assert "HEALTHCHECK" in lines


def test_lock_files_pin_by_hash_and_name_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (settings.BASE_DIR / name).read_text()
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith("#")]
        assert text.count("--hash=sha256:") >= len(pins) > 30, name
        assert "://" not in text, name
