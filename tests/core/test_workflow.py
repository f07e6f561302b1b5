"""The kernel's door to every state machine, tried on shipments."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fulfillment.models import Shipment
from inventory.models import Warehouse
from oms.core import workflow
from oms.core.actors import Actor
from oms.core.exceptions import TransitionRefused
from oms.core.models import Activity
from orders.models import Customer, Order, OrderAddress, SalesChannel

pytestmark = pytest.mark.django_db

DESK = Actor(label="Dispatch", user_id=None, surface="warehouse")


def shipment() -> Shipment:
    warehouse, _ = Warehouse.objects.get_or_create(code="BER", title="Berlin")
    customer, _ = Customer.objects.get_or_create(name="Larkfield Outdoor Co.")
    made = Shipment.objects.create(
        warehouse=warehouse, customer=customer, ship_to=OrderAddress.objects.create()
    )
    return Shipment.objects.get(pk=made.pk)


def test_perform_writes_the_status_and_the_timeline() -> None:
    document = shipment()

    with transaction.atomic():
        locked = Shipment.objects.lock(document.pk)
        workflow.perform(locked, "release", actor=DESK, note="Wave 1")

    assert Shipment.objects.get().status == "released"
    entry = Activity.objects.get()
    assert (entry.document_kind, entry.document_id) == ("shipment", document.pk)
    assert (entry.verb, entry.old, entry.new) == ("release", "planned", "released")
    assert (entry.actor_label, entry.surface, entry.note) == ("Dispatch", "warehouse", "Wave 1")


def test_an_illegal_move_is_refused_with_a_sentence_and_changes_nothing() -> None:
    document = shipment()

    with (
        pytest.raises(TransitionRefused, match="is planned: it cannot ship now"),
        transaction.atomic(),
    ):
        workflow.perform(document, "ship", actor=DESK)

    assert Shipment.objects.get().status == "planned"
    assert not Activity.objects.exists()


def test_one_refused_document_stops_the_whole_bulk() -> None:
    first, second = shipment(), shipment()
    with transaction.atomic():
        workflow.perform(Shipment.objects.lock(second.pk), "cancel", actor=DESK)
    before = Activity.objects.count()

    with pytest.raises(TransitionRefused), transaction.atomic():
        workflow.perform_all(
            Shipment.objects.lock_all([first.pk, second.pk]), "release", actor=DESK
        )

    assert Shipment.objects.get(pk=first.pk).status == "planned"
    assert Activity.objects.count() == before


def test_a_guard_gives_its_reason() -> None:
    channel = SalesChannel.objects.create(code="desk", name="B2B desk", currency="EUR")
    customer = Customer.objects.create(name="Larkfield Outdoor Co.")
    order = Order.objects.create(
        channel=channel,
        customer=customer,
        ship_to=OrderAddress.objects.create(),
        currency="EUR",
        routing_holds=1,
        placed_at=timezone.now(),
    )
    with transaction.atomic():
        workflow.perform(order, "place", actor=DESK, update_fields=["placed_at"])

    reason = workflow.refusal(order, "start_fulfillment")

    assert reason == "The order is on hold: lift the hold before it is routed."


def test_a_lost_race_is_refused() -> None:
    document = shipment()
    stale = Shipment.objects.get(pk=document.pk)
    with transaction.atomic():
        workflow.perform(document, "cancel", actor=DESK)

    with pytest.raises(TransitionRefused, match="Somebody else"), transaction.atomic():
        workflow.perform(stale, "release", actor=DESK)

    assert Shipment.objects.get().status == "canceled"


def test_many_documents_cost_two_statements(
    django_assert_num_queries: Callable[[int], CaptureQueriesContext],
) -> None:
    rows = [shipment() for _ in range(20)]

    with transaction.atomic(), django_assert_num_queries(2):
        workflow.perform_all(rows, "release", actor=DESK)

    assert Shipment.objects.filter(status="released").count() == 20


def test_only_history_enters_in_a_later_state() -> None:
    with pytest.raises(ValueError, match="Only history"):
        workflow.insert_in_state(Order, [Order(status=Order.Status.COMPLETED)])

    assert not Order.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_move_outside_a_transaction_is_a_programming_error() -> None:
    document = shipment()

    with pytest.raises(RuntimeError, match="inside the transaction"):
        workflow.perform(document, "release", actor=DESK)

    assert Shipment.objects.get().status == "planned"
