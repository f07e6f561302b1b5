"""Past returns are settled records that count on the lines they came from."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from inventory.models import Product
from oms.core.activity import kind_of
from oms.core.models import Activity
from orders.models import Customer, OrderLine
from orders.services.history import PastLine, PastOrder, keep_orders
from returns.models import Return, ReturnLine
from returns.services.history import PastReturn, PastReturnLine, keep_returns
from tests.factories import BERLIN, DESK, make_channel, make_customer, make_product

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def sold() -> tuple[Product, Customer]:
    """Four units of one product were sold and shipped, as order "77"."""
    product, customer = make_product(), make_customer()
    line = PastLine(1, product.pk, "Tape", 4, Decimal("1.12"), Decimal("4.48"))
    order = PastOrder("77", customer.pk, BERLIN, AT, [line])
    keep_orders([order], channel=make_channel(), actor=DESK)
    return product, customer


def back(product: Product, quantity: int, sale: tuple[str, int] | None) -> PastReturnLine:
    return PastReturnLine(1, product.pk, quantity, Decimal("1.12") * quantity, sale)


def test_a_past_return_is_settled_and_counted_on_the_line_it_came_from(
    sold: tuple[Product, Customer],
) -> None:
    product, customer = sold
    lines = [back(product, 3, ("77", 1)), back(product, 2, None)]

    keep_returns([PastReturn("C78", customer.pk, AT, lines)], channel=make_channel(), actor=DESK)

    found = Return.objects.get()
    assert (found.status, found.is_history, found.credited_amount) == (
        "settled", True, Decimal("5.60"),
    )  # fmt: skip
    assert OrderLine.objects.get().returned == 3
    assert list(
        ReturnLine.objects.order_by("pk").values_list("quantity", "order__external_id")
    ) == [(3, "77"), (2, None)]
    assert Activity.objects.filter(document_kind=kind_of(Return)).get().verb == "imported"


def test_more_than_was_shipped_cannot_come_back(sold: tuple[Product, Customer]) -> None:
    product, customer = sold
    wanted = [PastReturn("C78", customer.pk, AT, [back(product, 5, ("77", 1))])]

    with pytest.raises(IntegrityError), transaction.atomic():
        keep_returns(wanted, channel=make_channel(), actor=DESK)

    assert not Return.objects.exists()
    assert OrderLine.objects.get().returned == 0


def test_a_sale_that_nobody_knows_is_refused(sold: tuple[Product, Customer]) -> None:
    product, customer = sold
    wanted = [PastReturn("C78", customer.pk, AT, [back(product, 1, ("99", 1))])]

    with pytest.raises(LookupError, match="There is no line 1 on 99"):
        keep_returns(wanted, channel=make_channel(), actor=DESK)

    assert not Return.objects.exists()
