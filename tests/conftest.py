"""One pair of embedded servers for the whole session, shared by all processes of pytest-xdist."""

from collections.abc import Iterator

import pytest

from oms.supervisor.servers import embedded_servers


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
