"""Taking orders in: what is written, what is refused before anything is written, what is once."""

import threading
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Reservation
from oms.core.addresses import Address
from oms.core.exceptions import TransitionRefused
from oms.core.models import Activity, OutboxEvent
from oms.core.models.place import Place
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
from orders.services.intake import create_orders, place_orders, take_orders
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
def test_a_taken_order_is_placed_with_open_and_reserved_units() -> None:
    product = make.make_product("TENT-2")

    order = make.take_order(
        make.line_draft(product, 3, "19.99", tax_rate=Decimal(19)),
        external_id="A-1",
        customer_po_number="PO-77",
    )

    assert order.status == "placed"
    assert order.placed_at is not None
    assert (order.fulfillment_status, order.payment_status) == ("unrouted", "unpaid")
    assert (order.lines_amount, order.tax_amount, order.total_amount) == (
        Decimal("59.97"),
        Decimal("11.39"),
        Decimal("71.36"),
    )
    assert (order.units, order.line_count) == (3, 1)
    (line,) = make.lines_of(order)
    assert (line.ordered, line.open, line.description) == (3, 3, "Product TENT-2")
    claim = Reservation.objects.get()
    assert (claim.kind, claim.quantity, claim.demand_kind, claim.demand_id) == (
        *("order", 3, "order_line"),
        line.pk,
    )
    event = OutboxEvent.objects.get()
    assert (event.topic, event.payload) == ("orders.order_placed", {"order_id": order.pk})
    entry = Activity.objects.get(document_kind="order", document_id=order.pk)
    assert (entry.verb, entry.old, entry.new) == ("place", "draft", "placed")


@pytest.mark.django_db
def test_an_order_is_found_by_its_keys() -> None:
    order = make.take_order(
        make.line_draft(make.make_product("TENT-2")), external_id="A-1", customer_po_number="PO-77"
    )

    terms = SearchTerm.objects.filter(order=order).values_list("kind", "term").order_by("kind")

    assert list(terms) == [
        ("external", "A-1"),
        ("number", order.number),
        ("po", "PO-77"),
        ("sku", "TENT-2"),
    ]


@pytest.mark.django_db
def test_a_draft_reserves_nothing_and_placing_it_does() -> None:
    order = make.make_draft_order(make.line_draft(make.make_product(), 2))
    assert order.status == "draft"
    assert order.placed_at is None
    assert not Reservation.objects.exists()
    assert not OutboxEvent.objects.exists()

    place_orders([order.pk], actor=make.DESK)

    assert Order.objects.get().status == "placed"
    assert Reservation.objects.get().quantity == 2
    assert OutboxEvent.objects.get().topic == "orders.order_placed"


@pytest.mark.django_db
def test_placing_twice_is_refused() -> None:
    order = make.take_order()

    with pytest.raises(TransitionRefused, match="is placed: it cannot place now"):
        place_orders([order.pk], actor=make.DESK)

    assert OutboxEvent.objects.count() == 1


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
def test_a_sku_is_found_regardless_of_case() -> None:
    product = make.make_product("TENT-2")

    order = make.take_order(make.line_draft("tent-2"))

    assert make.lines_of(order)[0].product_id == product.pk


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
def test_a_country_that_only_the_source_can_name_is_kept_as_its_label() -> None:
    order = make.take_order(ship_to=Address(country_label="European Community"))

    assert (order.ship_to.country, order.ship_to.country_label) == ("", "European Community")


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
def test_the_same_external_id_gives_the_first_order_back() -> None:
    draft = make.order_draft(external_id="A-1")
    (first,) = take_orders([draft], actor=make.DESK)

    (second,) = take_orders([draft], actor=make.DESK)

    assert first.is_new
    assert (second.order_id, second.number, second.is_new) == (first.order_id, first.number, False)
    assert Order.objects.count() == 1
    assert Reservation.objects.count() == 1


@pytest.mark.django_db
def test_the_same_external_id_twice_in_a_batch_is_one_order() -> None:
    draft = make.order_draft(external_id="A-1")

    first, second = take_orders([draft, draft], actor=make.DESK)

    assert (first.is_new, second.is_new) == (True, False)
    assert first.order_id == second.order_id
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_a_repeated_order_is_known_even_when_its_product_is_gone_by_now() -> None:
    product = make.make_product()
    draft = make.order_draft(make.line_draft(product), external_id="A-1")
    (first,) = take_orders([draft], actor=make.DESK)
    product.is_active = False
    product.save()

    (second,) = take_orders([draft], actor=make.DESK)

    assert (second.order_id, second.is_new) == (first.order_id, False)


@pytest.mark.django_db
def test_an_order_that_the_channel_withdrew_before_it_came_is_refused() -> None:
    channel = make.make_channel()
    ExternalReference.objects.create(channel=channel, external_id="A-1", order_id=None)

    with pytest.raises(OrderRefused, match="The channel withdrew A-1 before it came in"):
        take_orders([make.order_draft(external_id="A-1")], actor=make.DESK)

    assert not Order.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_sixteen_identical_posts_at_once_are_one_order() -> None:
    draft = make.order_draft(external_id="A-1")
    start = threading.Barrier(16)
    results, errors = [], []

    def post() -> None:
        try:
            start.wait()
            results.extend(take_orders([draft], actor=make.DESK))
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert sum(taken.is_new for taken in results) == 1
    assert len({taken.order_id for taken in results}) == 1
    assert (Order.objects.count(), OrderLine.objects.count(), OutboxEvent.objects.count()) == (
        1,
        1,
        1,
    )


@pytest.mark.django_db
def test_kits_explode_into_components_with_fixed_price_shares() -> None:
    pole = make.make_product("POLE", cost=Decimal(2))
    sheet = make.make_product("SHEET", cost=Decimal(5))
    kit = make.make_kit("TENT-KIT", of=[(pole, 2), (sheet, 1)])

    order = make.take_order(make.line_draft(kit, 3, "9.99", tax_rate=Decimal(19)))

    own, poles, sheets = make.lines_of(order)
    assert (own.kind, own.sets, own.ordered, own.open) == ("kit", 3, 0, 0)
    assert (own.net_amount, own.tax_amount) == (Decimal("29.97"), Decimal("5.69"))
    assert (poles.kind, poles.parent_id, poles.ordered) == ("component", own.pk, 6)
    assert (poles.net_amount, sheets.net_amount) == (Decimal("13.32"), Decimal("16.65"))
    assert poles.tax_amount + sheets.tax_amount == own.tax_amount
    assert (order.lines_amount, order.total_amount) == (Decimal("29.97"), Decimal("35.66"))
    assert (order.units, order.line_count) == (9, 1)
    assert sorted(Reservation.objects.values_list("quantity", flat=True)) == [3, 6]


@pytest.mark.django_db
def test_a_kit_without_components_is_refused() -> None:
    kit = make.make_kit("EMPTY", of=[])

    refusal = refusal_of(make.order_draft(make.line_draft(kit)))

    assert str(refusal) == "Line 1: The kit EMPTY has no components: it cannot be ordered."


@pytest.mark.django_db
def test_what_the_channels_total_leaves_unexplained_is_a_charge() -> None:
    order = make.take_order(
        charges=[ChargeDraft("carriage", Decimal("4.90"))], total_amount=Decimal("15.00")
    )

    charges = list(Charge.objects.order_by("pk").values_list("kind", "net_amount"))
    assert charges == [("carriage", Decimal("4.90")), ("difference", Decimal("0.10"))]
    assert (order.charges_amount, order.total_amount) == (Decimal("5.00"), Decimal("15.00"))


@pytest.mark.django_db
def test_prices_of_a_channel_may_include_tax() -> None:
    shop = make.make_channel("shop", prices_include_tax=True)

    order = make.take_order(
        make.line_draft(make.make_product(), 1, "11.90", tax_rate=Decimal(19)), channel_id=shop.pk
    )

    assert (order.lines_amount, order.tax_amount, order.total_amount) == (
        *(Decimal("10.00"), Decimal("1.90")),
        Decimal("11.90"),
    )
    assert order.prices_include_tax


@pytest.mark.django_db
def test_addresses_are_snapshots_with_coordinates_and_lines_may_have_their_own() -> None:
    Place.objects.create(country="DE", postcode="10115", latitude=52.53, longitude=13.38)
    product = make.make_product()

    order = make.take_order(
        make.line_draft(product, ship_to=make.PARIS),
        make.line_draft(product, ship_to=make.BERLIN),
        bill_to=make.PARIS,
    )

    assert (order.ship_to.latitude, order.ship_to.longitude) == (52.53, 13.38)
    first, second = make.lines_of(order)
    assert first.ship_to_id == order.bill_to_id
    assert second.ship_to_id is None
    assert OrderAddress.objects.count() == 2


@pytest.mark.django_db
def test_a_prepaid_order_is_held_until_it_is_paid() -> None:
    order = make.take_order(settlement="prepaid")

    hold = Hold.objects.get()
    assert (hold.order_id, hold.kind, hold.reason) == (order.pk, "routing", "payment")
    assert order.routing_holds == 1
    topics = OutboxEvent.objects.order_by("pk").values_list("topic", flat=True)
    assert list(topics) == ["orders.order_placed", "orders.order_held"]


@pytest.mark.django_db
def test_a_prepaid_order_that_costs_nothing_is_not_held() -> None:
    order = make.take_order(make.line_draft(make.make_product(), 1, "0"), settlement="prepaid")

    assert (order.routing_holds, order.payment_status) == (0, "paid")


@pytest.mark.django_db
def test_taking_costs_the_same_few_statements_for_any_number_of_orders() -> None:
    customer = make.make_customer()
    products = [make.make_product() for _ in range(3)]

    def statements(count: int) -> int:
        drafts = [
            make.order_draft(
                *[make.line_draft(product) for product in products],
                customer=customer,
                external_id=f"{count}-{n}",
            )
            for n in range(count)
        ]
        with CaptureQueriesContext(connection) as captured:
            take_orders(drafts, actor=make.DESK)
        return sum("SAVEPOINT" not in query["sql"] for query in captured)

    assert (statements(1), statements(50)) == (11, 11)


@pytest.mark.django_db
def test_drafts_take_no_more_statements_than_placed_orders() -> None:
    customer, product = make.make_customer(), make.make_product()
    drafts = [make.order_draft(make.line_draft(product), customer=customer) for _ in range(20)]

    with CaptureQueriesContext(connection) as captured:
        create_orders(drafts, actor=make.DESK)

    assert sum("SAVEPOINT" not in query["sql"] for query in captured) == 9
