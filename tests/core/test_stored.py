"""Statements that are kept in the database are those of the source."""

from __future__ import annotations

import pytest
from django.db import connection

from oms.core.stored import stored


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(stored))
def test_the_statements_in_the_database_are_those_of_the_source(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc, proconfig FROM pg_proc WHERE proname = %s", [name])
        [(body, settings)] = cursor.fetchall()

    assert body == stored[name].body
    assert settings == ["plan_cache_mode=force_generic_plan", "enable_seqscan=off"]


def test_routing_and_intake_keep_their_statements_there() -> None:
    assert {
        "fulfillment_lock_lines",
        "fulfillment_lock_orders",
        "orders_write_orders",
    } <= set(stored)
