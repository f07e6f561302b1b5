"""The list of promises, the panel on the order page, the dates on the shipment page."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from fulfillment.models import LinePromise, Shipment
from fulfillment.selectors.promise_words import lateness, reason
from fulfillment.services.promises import keep_promises
from fulfillment.services.route import route_orders
from inventory.models import PurchaseOrder
from oms.core.actors import SYSTEM
from orders.models import Order
from tests.factories import (
    add_stock,
    line_draft,
    make_customer,
    make_product,
    make_warehouse,
    take_order,
)
from tests.fulfillment.rates import make_service
from tests.inventory.arrivals import order_goods
from tests.people import browser_of, make_person

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
URL = "/admin/fulfillment/linepromise/"


def promise(cause: str, **facts: object) -> LinePromise:
    return LinePromise(cause=cause, facts=facts)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            promise("shipment", shipment="SH-1", warehouse="BER", ships="2026-11-23"),
            "SH-1 leaves BER on 2026-11-23.",
        ),
        (
            promise(
                "shipment", shipment="SH-1", warehouse="BER", ships="2026-11-25",
                was_due="2026-11-23",
            ),
            "SH-1 should have left BER on 2026-11-23; next it can on 2026-11-25.",
        ),
        (
            promise("shipment", shipment="SH-1", warehouse="BER", why="closed"),
            "SH-1 waits: BER has no working day.",
        ),
        (
            promise("stock", warehouse="BER", ships="2026-11-23", held=True),
            ("In stock in BER, can leave on 2026-11-23. "
            "The order is on hold: this is the day if the hold were lifted now."),
        ),
        (
            promise("incoming", source="PO-7", warehouse="BER", **{"in": "2026-12-01"}),
            "Waits for PO-7, expected in BER on 2026-12-01.",
        ),
        (
            promise("incoming", source="PO-7", warehouse="BER", was_due="2026-11-02"),
            "Waits for PO-7, which was due in BER on 2026-11-02.",
        ),
        (
            promise("preorder", preorder="2026-12-15", leaves_only=True),
            ("Pre-order: ships from 2026-12-15 on. "
            "No carrier service goes there: this is the day on which it leaves."),
        ),
        (promise("unknown", why="no_supply"), "Nothing of it is free and nothing is on its way."),
        (promise("unknown", why="no_date", source="PO-7"), "Waits for PO-7, which has no date."),
        (
            promise("unknown", why="closed"),
            "The warehouse that would ship it has no working day.",
        ),
        (
            promise("unknown", why="no_supply", waits_for=7),
            ("Nothing of it is free and nothing is on its way. "
            "It comes together with a line that is later."),
        ),
    ],
)  # fmt: skip
def test_every_reason_has_its_sentence(told: LinePromise, sentence: str) -> None:
    assert reason(told) == sentence


@pytest.mark.parametrize(
    ("promised", "expected", "said"),
    [
        (date(2026, 12, 1), date(2026, 12, 1), ""),
        (date(2026, 12, 1), date(2026, 12, 2), "1 day late"),
        (date(2026, 12, 1), date(2026, 12, 15), "14 days late"),
        (date(2026, 12, 1), None, "no date any more"),
        (None, None, ""),
    ],
)
def test_how_late_a_line_is(promised: date | None, expected: date | None, said: str) -> None:
    assert lateness(LinePromise(promised_date=promised, expected_date=expected)) == said


def slipped_order(name: str = "Larkfield Outdoor Co.") -> Order:
    """Return an order whose goods come two weeks later than was promised."""
    setup, lamp = make_warehouse(), make_product()
    goods = order_goods(setup.warehouse, lamp, 10, date(2026, 12, 1))
    order = take_order(line_draft(lamp, 8), customer=make_customer(name))
    keep_promises([order.pk], actor=SYSTEM, now=MONDAY)
    PurchaseOrder.objects.filter(pk=goods.pk).update(expected_date=date(2026, 12, 15))
    keep_promises([order.pk], actor=SYSTEM, now=MONDAY)
    return order


def test_the_list_opens_with_what_is_at_risk_and_says_why() -> None:
    make_service()
    order = slipped_order()
    in_time = take_order(line_draft(make_product()))
    keep_promises([in_time.pk], actor=SYSTEM, now=MONDAY)

    page = browser_of(make_person("manager")).get(URL).content.decode()

    assert reverse("orders:order_page", args=[order.number]) in page
    assert "14 days late" in page
    assert "expected in" in page
    assert in_time.number not in page


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("late=7", True),
        ("late=30", False),
        ("late=none", False),
        ("customer=lark", True),
        ("customer=Maison", False),
        ("view=undated", False),
        ("view=in_time", False),
        ("view=all", True),
        ("q=lark", True),
        ("q=nobody", False),
    ],
)
def test_the_list_is_narrowed_by_lateness_customer_and_search(query: str, is_there: bool) -> None:
    make_service()
    order = slipped_order()

    page = browser_of(make_person("manager")).get(f"{URL}?{query}").content.decode()

    assert (order.number in page) is is_there


def test_the_list_is_narrowed_by_warehouse() -> None:
    make_service()
    first, second = slipped_order(), slipped_order()
    code = LinePromise.objects.get(order_line__order=first).facts["warehouse"]

    page = browser_of(make_person("manager")).get(f"{URL}?warehouse={code}").content.decode()

    assert first.number in page
    assert second.number not in page


def test_sales_reps_see_the_promises_of_their_own_orders() -> None:
    rep = make_person("sales_rep")
    make_service()
    theirs, others = slipped_order("Larkfield Outdoor Co."), slipped_order("Maison Verne")
    theirs.customer.sales_rep = rep
    theirs.customer.save()

    page = browser_of(rep).get(URL).content.decode()

    assert theirs.number in page
    assert others.number not in page


def test_pickers_have_no_list_of_promises() -> None:
    assert browser_of(make_person("warehouse")).get(URL).status_code == 403


def test_the_list_takes_as_many_statements_for_many_lines(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    make_service()
    for _ in range(8):
        slipped_order()
    browser = browser_of(make_person("manager"))

    with django_assert_max_num_queries(12):
        assert browser.get(URL).status_code == 200


def test_the_order_page_says_when_each_line_comes() -> None:
    make_service()
    order = slipped_order()

    page = browser_of(make_person("manager")).get(reverse("orders:order_page", args=[order.number]))

    text = page.content.decode()
    assert "When it comes" in text
    assert "1 line later than promised" in text
    assert "14 days late" in text


def test_the_start_page_counts_what_is_at_risk() -> None:
    make_service()
    slipped_order()

    page = browser_of(make_person("manager")).get("/admin/").content.decode()

    assert "Promises at risk" in page
    assert f'href="{URL}"' in page


def test_the_shipment_page_shows_service_freight_and_dates() -> None:
    service = make_service()
    setup, lamp = make_warehouse(), make_product()
    add_stock(setup, lamp, 5)
    route_orders([take_order(line_draft(lamp, 3)).pk], actor=SYSTEM)
    Shipment.objects.update(
        service=service, freight_amount=Decimal("4.90"), freight_currency="EUR",
        ships_on=date(2026, 11, 23), arrives_on=date(2026, 11, 25),
    )  # fmt: skip
    number = Shipment.objects.get().number

    page = browser_of(make_person("manager")).get(
        reverse("fulfillment:shipment_page", args=[number])
    )

    text = page.content.decode()
    assert "Post Parcel" in text
    assert "€4.90" in text
    assert "2026-11-25" in text
