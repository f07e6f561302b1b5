"""Taking orders in: what is written, and what is once."""

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
from orders.drafts import ChargeDraft
from orders.models import (
    Charge,
    Hold,
    Order,
    OrderAddress,
    OrderLine,
    SearchTerm,
)
from orders.services.intake import create_orders, place_orders, take_orders
from tests import factories as make


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
def test_a_sku_is_found_regardless_of_case() -> None:
    product = make.make_product("TENT-2")

    order = make.take_order(make.line_draft("tent-2"))

    assert make.lines_of(order)[0].product_id == product.pk


@pytest.mark.django_db
def test_a_country_that_only_the_source_can_name_is_kept_as_its_label() -> None:
    order = make.take_order(ship_to=Address(country_label="European Community"))

    assert (order.ship_to.country, order.ship_to.country_label) == ("", "European Community")


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

    assert (statements(1), statements(50)) == (8, 8)


@pytest.mark.django_db
def test_drafts_take_no_more_statements_than_placed_orders() -> None:
    customer, product = make.make_customer(), make.make_product()
    drafts = [make.order_draft(make.line_draft(product), customer=customer) for _ in range(20)]

    with CaptureQueriesContext(connection) as captured:
        create_orders(drafts, actor=make.DESK)

    assert sum("SAVEPOINT" not in query["sql"] for query in captured) == 6
