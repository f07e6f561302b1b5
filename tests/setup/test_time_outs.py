"""What the server itself says about the time-outs of our connections."""

import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.django_db


def show(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


def test_the_server_knows_the_time_outs_of_this_connection() -> None:
    assert show("lock_timeout") == "3s"
    assert show("statement_timeout") == f"{settings.STATEMENT_TIMEOUT_MS // 1_000 // 60}min"
    assert show("idle_in_transaction_session_timeout") == "10s"
