"""What intake refuses, before anything is written."""

from decimal import Decimal

import pytest

from inventory.models import Reservation
from oms.core.addresses import Address
from oms.core.models import OutboxEvent
from orders.drafts import ChargeDraft, OrderDraft
from orders.exceptions import OrderRefused
from orders.models import (
    Charge,
    ExternalReference,
    Hold,
    Order,
    OrderAddress,
    OrderLine,
    SearchTerm,
)
from orders.services.intake import place_orders, take_orders
from tests import factories as make

WRITTEN = (
    *(Order, OrderLine, OrderAddress, Charge, Hold, ExternalReference, SearchTerm),
    *(Reservation, OutboxEvent),
)


def rows() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in WRITTEN}


NOTHING = {model.__name__: 0 for model in WRITTEN}


def refusal_of(draft: OrderDraft) -> OrderRefused:
    with pytest.raises(OrderRefused) as caught:
        take_orders([draft], actor=make.DESK)
    assert rows() == NOTHING
    return caught.value


@pytest.mark.django_db
def test_drafts_of_a_customer_who_is_no_longer_active_are_not_placed() -> None:
    order = make.make_draft_order()
    customer = order.customer
    customer.is_active = False
    customer.save()

    with pytest.raises(OrderRefused, match=r"The customer Larkfield Outdoor Co\. is not active\."):
        place_orders([order.pk], actor=make.DESK)

    assert Order.objects.get().status == "draft"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"sku": "NONE"}, "sku", "There is no product with the SKU 'NONE'."),
        ({"quantity": 0}, "quantity", "The quantity must be above zero, not 0."),
        ({"quantity": -2}, "quantity", "The quantity must be above zero, not -2."),
        ({"quantity": 1.5}, "quantity", "The quantity must be a whole number, not '1.5'."),
        ({"quantity": "3"}, "quantity", "The quantity must be a whole number, not '3'."),
        (
            {"quantity": 10**10},
            "quantity",
            "The quantity 10000000000 is too large: at most 2147483647 units go on a line.",
        ),
        (
            {"unit_price": Decimal("1.23456")},
            "unit_price",
            "The price 1.23456 has more than 4 decimal places.",
        ),
        ({"unit_price": Decimal(-1)}, "unit_price", "The price must not be negative, not -1."),
        ({"unit_price": Decimal("NaN")}, "unit_price", "'NaN' is not a price."),
        ({"unit_price": 1.5}, "unit_price", "'1.5' is not a price."),
        (
            {"tax_rate": Decimal(101)},
            "tax_rate",
            "The tax rate must be between 0 and 100 percent, not 101.",
        ),
        (
            {"discount_amount": Decimal(11)},
            "discount_amount",
            "The discount 11 is larger than the amount of the line.",
        ),
        (
            {"discount_amount": Decimal("0.001")},
            "discount_amount",
            "The discount 0.001 has more decimal places than EUR has.",
        ),
        ({"sku": "TE\x00NT"}, "sku", "The sku contains characters that cannot be stored."),
        (
            {"description": "\ud800"},
            "description",
            "The description contains characters that cannot be stored.",
        ),
        (
            {"description": "x" * 201},
            "description",
            "The description is too long: 201 characters, at most 200.",
        ),
    ],
)
def test_a_bad_line_is_refused_with_its_place_and_a_sentence(
    changes: dict[str, object], field: str, sentence: str
) -> None:
    make.make_product("TENT-2")
    good = make.line_draft("TENT-2")
    bad = make.line_draft("TENT-2")
    for name, value in changes.items():
        setattr(bad, name, value)

    refusal = refusal_of(make.order_draft(good, bad))

    (problem,) = refusal.problems
    assert (problem.index, problem.field, problem.sentence) == (1, field, sentence)
    assert str(refusal) == f"Line 2: {sentence}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"lines": []}, "lines", "The order has no lines."),
        ({"channel_id": 0}, "channel", "There is no such sales channel."),
        (
            {"currency": "XYZ"},
            "currency",
            "'XYZ' is not a currency code (three capital letters, like EUR).",
        ),
        (
            {"currency": "USD"},
            "currency",
            "The order is in USD, but Sales desk sells in EUR and the customer pays in EUR.",
        ),
        (
            {"ship_to": Address(city="Berlin")},
            "ship_to.country",
            "The ship-to address names no country.",
        ),
        (
            {"ship_to": Address(country="de")},
            "ship_to.country",
            "'de' is not a country code (two capital letters, like DE).",
        ),
        ({"settlement": "barter"}, "settlement", "'barter' is no way to settle an order."),
        ({"priority": 99_999}, "priority", "The priority 99999 is out of range."),
        (
            {"total_amount": Decimal("1.001")},
            "total_amount",
            "The total 1.001 has more decimal places than EUR has.",
        ),
        (
            {"external_id": "a\x00b"},
            "external_id",
            "The external id contains characters that cannot be stored.",
        ),
        (
            {"charges": [ChargeDraft("gift", Decimal(1))]},
            "charges",
            "There is no charge of kind 'gift'.",
        ),
    ],
)
def test_a_bad_order_is_refused_with_a_sentence(
    changes: dict[str, object], field: str, sentence: str
) -> None:
    refusal = refusal_of(
        make.order_draft(**changes) if "lines" not in changes else _without_lines()
    )

    (problem,) = refusal.problems
    assert (problem.index, problem.field, problem.sentence) == (None, field, sentence)


def _without_lines() -> OrderDraft:
    draft = make.order_draft()
    draft.lines = []
    return draft


@pytest.mark.django_db
def test_sums_that_do_not_fit_are_refused() -> None:
    product = make.make_product()
    lines = [make.line_draft(product, 2_000_000_000, "49") for _ in range(2)]

    refusal = refusal_of(make.order_draft(*lines))

    assert [str(problem) for problem in refusal.problems] == [
        "The total of the order is too large: 196000000000.00.",
        "The order has too many units: 4000000000.",
    ]


@pytest.mark.django_db
def test_inactive_products_and_customers_are_refused() -> None:
    product = make.make_product("OLD", is_active=False)
    customer = make.make_customer("Gone Ltd.", is_active=False)

    refusal = refusal_of(make.order_draft(make.line_draft(product), customer=customer))

    assert [(each.index, each.field) for each in refusal.problems] == [
        (None, "customer"),
        (0, "sku"),
    ]
    assert str(refusal) == (
        "The customer Gone Ltd. is not active. "
        "Line 1: The product OLD is not active: it cannot be ordered."
    )


@pytest.mark.django_db
def test_the_rest_of_a_batch_goes_in_when_asked() -> None:
    product, customer = make.make_product(), make.make_customer()
    drafts = [
        make.order_draft(make.line_draft(sku), customer=customer)
        for sku in (product.sku, "NONE", product.sku)
    ]

    first, second, third = take_orders(drafts, actor=make.DESK, skip_refused=True)

    assert isinstance(second, OrderRefused)
    assert second.draft_index == 1
    assert [first.order_id, third.order_id] == list(  # type: ignore[union-attr]
        Order.objects.order_by("pk").values_list("pk", flat=True)
    )


@pytest.mark.django_db
def test_without_being_asked_one_bad_draft_keeps_the_batch_out() -> None:
    product, customer = make.make_product(), make.make_customer()
    drafts = [
        make.order_draft(make.line_draft(sku), customer=customer) for sku in (product.sku, "NONE")
    ]

    with pytest.raises(OrderRefused) as caught:
        take_orders(drafts, actor=make.DESK)

    assert caught.value.draft_index == 1
    assert rows() == NOTHING


@pytest.mark.django_db
def test_an_order_that_the_channel_withdrew_before_it_came_is_refused() -> None:
    channel = make.make_channel()
    ExternalReference.objects.create(channel=channel, external_id="A-1", order_id=None)

    with pytest.raises(OrderRefused, match="The channel withdrew A-1 before it came in"):
        take_orders([make.order_draft(external_id="A-1")], actor=make.DESK)

    assert not Order.objects.exists()


@pytest.mark.django_db
def test_a_kit_without_components_is_refused() -> None:
    kit = make.make_kit("EMPTY", of=[])

    refusal = refusal_of(make.order_draft(make.line_draft(kit)))

    assert str(refusal) == "Line 1: The kit EMPTY has no components: it cannot be ordered."
