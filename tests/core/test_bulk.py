from collections.abc import Callable

import pytest
from django.db import DataError, IntegrityError, transaction
from django.test.utils import CaptureQueriesContext

from oms.core import bulk
from oms.core.models import Activity, Counter, FormKey, OutboxEvent

Count = Callable[[int], CaptureQueriesContext]

pytestmark = pytest.mark.django_db


def test_rows_come_back_in_the_order_they_went_in() -> None:
    rows = [("page", f"key-{n:03}") for n in range(200)]

    returned = bulk.insert(FormKey, ["scope", "key"], rows, returning=["id", "key"])

    assert [key for _, key in returned] == [key for _, key in rows]
    assert [pk for pk, _ in returned] == sorted(pk for pk, _ in returned)


def test_many_rows_cost_one_statement(django_assert_num_queries: Count) -> None:
    with django_assert_num_queries(1):
        bulk.insert(FormKey, ["scope", "key"], [("page", str(n)) for n in range(1_000)])


def test_no_rows_cost_no_statement(django_assert_num_queries: Count) -> None:
    with django_assert_num_queries(0):
        assert bulk.insert(FormKey, ["scope", "key"], [], returning=["id"]) == []


def test_a_conflict_is_skipped_when_asked() -> None:
    bulk.insert(FormKey, ["scope", "key"], [("page", "a")])

    rows = [("page", "a"), ("page", "b")]
    new = bulk.insert(
        FormKey, ["scope", "key"], rows, returning=["key"], on_conflict_do_nothing=True
    )

    assert new == [("b",)]


def test_a_conflict_is_an_error_otherwise() -> None:
    bulk.insert(FormKey, ["scope", "key"], [("page", "a")])

    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(FormKey, ["scope", "key"], [("page", "a"), ("page", "b")])

    assert FormKey.objects.count() == 1


def test_a_value_too_long_for_its_column_is_refused_and_not_cut() -> None:
    with pytest.raises(DataError), transaction.atomic():
        bulk.insert(FormKey, ["scope", "key"], [("page", "x" * 65)])

    assert not FormKey.objects.exists()


def test_json_goes_in_as_json() -> None:
    bulk.insert(OutboxEvent, ["topic", "stream", "payload"], [("t", "s", {"a": [1, None]})])

    assert OutboxEvent.objects.get().payload == {"a": [1, None]}


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(LookupError, match="Counter has no column size"):
        bulk.insert(Counter, ["size"], [(1,)])


def test_the_timeline_cannot_be_changed_or_deleted() -> None:
    columns = ["document_kind", "document_id", "verb", "old", "new", "note"]
    values = ("order", 1, "placed", "", "", "", "Desk", "admin")
    bulk.insert(Activity, [*columns, "actor_label", "surface"], [values])

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Activity.objects.update(verb="canceled")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Activity.objects.all().delete()

    assert Activity.objects.get().verb == "placed"
