"""Two files with the same orders, taken in at once in opposite order: nobody deadlocks, nothing is twice."""

import threading

import pytest
from django.db import connection

from inventory.models import Reservation
from oms.core.models import OutboxEvent
from orders.models import ExternalReference, Order, OrderLine
from orders.services.intake import take_orders
from tests import factories as make

ORDERS = 60


@pytest.mark.django_db(transaction=True)
def test_batches_with_the_same_orders_in_opposite_order_make_each_once() -> None:
    customer, product = make.make_customer(), make.make_product()
    drafts = [
        make.order_draft(make.line_draft(product), customer=customer, external_id=f"A-{n}")
        for n in range(ORDERS)
    ]
    start = threading.Barrier(4)
    taken: list[tuple[str, int]] = []
    new: list[bool] = []
    errors: list[Exception] = []

    def take(batch: list[make.OrderDraft]) -> None:
        try:
            start.wait()
            results = take_orders(batch, actor=make.DESK)
            taken.extend(
                (draft.external_id, result.order_id)
                for draft, result in zip(batch, results, strict=True)
            )
            new.extend(result.is_new for result in results)
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)
        finally:
            connection.close()

    batches = [drafts, drafts[::-1], drafts[::2] + drafts[1::2], drafts[: ORDERS // 2]]
    threads = [threading.Thread(target=take, args=[batch]) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert sum(new) == ORDERS
    assert len(set(taken)) == ORDERS
    assert {ORDERS} == {
        model.objects.count()
        for model in (Order, OrderLine, ExternalReference, Reservation, OutboxEvent)
    }
