"""One pair of embedded servers for the whole session, shared by all processes of pytest-xdist."""

import shutil
from collections.abc import Iterator

import hypothesis
import pytest

from oms.supervisor.servers import embedded_servers

# A busy machine is no fault of the code: no test asserts how long something takes.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
NO_BROWSER = "There is no Chromium here; as root, or with sudo, make test installs it."
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "servers"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or used & DATABASE_FIXTURES:
            item.add_marker(pytest.mark.database)
        if item.get_closest_marker("browser") and CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason=NO_BROWSER))


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL and Redis answer; they are ours unless the environment names outside ones."""
    with embedded_servers(redis_alone=True):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, servers: None
) -> None:
    """Have the servers up before the first test database is made."""


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the browser that Playwright drives (``executable_path``)."""
    assert CHROMIUM is not None, NO_BROWSER
    return CHROMIUM
