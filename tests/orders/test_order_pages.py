"""The order list, the order page and the customer pages, through HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from oms.core.actors import SYSTEM
from orders.models import Customer, Order
from orders.services.cancel import cancel_order
from orders.services.holds import hold_order
from orders.services.payments import record_payment
from tests.factories import (
    PARIS,
    line_draft,
    lines_of,
    make_customer,
    make_draft_order,
    make_product,
    stocked_world,
    take_order,
    take_some_orders,
)
from tests.people import browser_of, key_on, make_person

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/order/"


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


def numbers(answer: Any) -> list[str]:
    return list(
        dict.fromkeys(re.findall(r'href="/admin/orders/order/(SO-\d+)/"', answer.content.decode()))
    )


def page_of(order: Order) -> str:
    return f"{LIST}{order.number}/"


def statements(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


# --- The list ------------------------------------------------------------------------------------


def test_the_list_costs_the_same_however_many_rows(manager: Client) -> None:
    stocked_world()
    take_some_orders(2)
    few = statements(manager, LIST)
    take_some_orders(30)

    many = statements(manager, LIST)

    assert many == few
    assert many <= 12


def test_views_show_their_orders(manager: Client) -> None:
    draft, placed, held = make_draft_order(), take_order(), take_order()
    hold_order(order_id=held.pk, kind="routing", reason="address", actor=SYSTEM)

    assert numbers(manager.get(LIST)) == [held.number, placed.number, draft.number]
    assert numbers(manager.get(f"{LIST}?view=draft")) == [draft.number]
    assert numbers(manager.get(f"{LIST}?view=held")) == [held.number]
    assert numbers(manager.get(f"{LIST}?view=to_route")) == [placed.number]
    assert numbers(manager.get(f"{LIST}?view=canceled")) == []


def test_a_hold_wins_in_the_status_cell(manager: Client) -> None:
    order = take_order()
    hold_order(order_id=order.pk, kind="shipping", reason="customs", actor=SYSTEM)

    assert "Held: customs papers" in manager.get(LIST).content.decode()


@pytest.mark.parametrize("text", ["PO-47", "po-4711", "vern", "achats@ver"])
def test_the_search_finds_by_the_beginning_of_what_is_known(manager: Client, text: str) -> None:
    customer = make_customer("Verne Frères", email="achats@verne.example")
    wanted = take_order(customer=customer, customer_po_number="PO-4711")
    take_order()

    assert numbers(manager.get(LIST, {"q": text})) == [wanted.number]


def test_the_list_says_what_matched(manager: Client) -> None:
    take_order(customer_po_number="PO-4711")

    assert "by customer PO number PO-4711" in manager.get(f"{LIST}?q=po-47").content.decode()


def test_filters_become_chips_that_can_be_taken_away(manager: Client) -> None:
    order = take_order()

    page = manager.get(f"{LIST}?status=placed&status=draft&placed_from=2020-01-01").content.decode()

    assert "Status: Draft, Placed" in page or "Status: Placed, Draft" in page
    assert 'href="?status=placed&amp;status=draft"' in page
    assert order.number in page
    assert numbers(manager.get(f"{LIST}?placed_to=2020-01-01")) == []


def test_a_filter_that_means_nothing_is_said_and_left_out(manager: Client) -> None:
    order = take_order()

    answer = manager.get(f"{LIST}?placed_from=tomorrow&view=%00&sort=%00&after=%00&q=%00")

    assert "Placed from: Enter a valid date." in answer.content.decode()
    assert numbers(answer) == [order.number]


def test_htmx_gets_the_results_alone(manager: Client) -> None:
    order = take_order()

    part = manager.get(LIST, headers={"HX-Request": "true"})
    back = manager.get(LIST, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})

    assert numbers(part) == [order.number]
    assert "<html" not in part.content.decode()
    assert "<html" in back.content.decode()
    assert "HX-Request" in part["Vary"]


def test_an_empty_list_says_why(manager: Client) -> None:
    assert "No orders yet" in manager.get(LIST).content.decode()
    take_order()
    assert "No order matches" in manager.get(f"{LIST}?q=nothing-like-it").content.decode()
    assert "Nothing here" in manager.get(f"{LIST}?view=canceled").content.decode()


# --- Scope ---------------------------------------------------------------------------------------


def test_a_rep_sees_the_orders_of_their_own_customers_alone() -> None:
    rep = make_person("sales_rep")
    mine, foreign = take_order(), take_order(customer=make_customer("Foreign Ltd."))
    Customer.objects.filter(pk=mine.customer_id).update(sales_rep=rep)
    client = browser_of(rep)

    assert numbers(client.get(LIST)) == [mine.number]
    assert client.get(page_of(mine)).status_code == 200
    assert client.get(page_of(foreign)).status_code == 404
    assert client.get(f"/admin/orders/customer/{foreign.customer.number}/").status_code == 404
    assert numbers(client.get(f"/admin/search/?q={foreign.number[:5]}")) == [mine.number]


def test_a_foreign_order_cannot_be_changed_and_nothing_happens() -> None:
    rep = make_person("sales_rep")
    foreign = make_draft_order()

    answer = browser_of(rep).post(f"{page_of(foreign)}place/", {"form_key": "k" * 20})

    assert answer.status_code == 404
    assert Order.objects.get(pk=foreign.pk).status == "draft"


# --- The page ------------------------------------------------------------------------------------


def test_the_page_costs_the_same_however_many_lines(manager: Client) -> None:
    from tests.factories import line_draft, make_product

    small = take_order(line_draft(make_product()))
    large = take_order(*[line_draft(make_product()) for _ in range(30)])

    assert statements(manager, page_of(large)) == statements(manager, page_of(small))
    assert statements(manager, page_of(large)) <= 30


def test_the_page_shows_lines_address_and_one_primary_action(manager: Client) -> None:
    order = take_order(ship_to=PARIS)

    page = manager.get(page_of(order)).content.decode()

    assert "75004 PARIS<br>FRANCE" in page
    assert page.count("btn primary") == 1
    assert f'action="{page_of(order)}route/"' in page
    assert lines_of(order)[0].product.sku in page


def test_unknown_and_odd_numbers_are_not_found(manager: Client) -> None:
    for number in ("SO-99999999", "so-1", "1", "SO-1'--"):
        assert manager.get(f"{LIST}{number}/").status_code == 404


def test_the_timeline_can_be_narrowed(manager: Client) -> None:
    order = take_order()

    assert "placed the order" in manager.get(page_of(order)).content.decode()
    money = manager.get(f"{page_of(order)}?show=money").content.decode()
    assert "Nothing of this kind has happened." in money


# --- The buttons ---------------------------------------------------------------------------------

Post = Callable[..., Any]


@pytest.fixture
def post(manager: Client) -> Post:
    def post(order: Order, name: str, **data: str) -> Any:
        key = data.pop("form_key", "") or key_on(manager, page_of(order))
        return manager.post(f"{page_of(order)}{name}/", {"form_key": key, **data})

    return post


def status_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).status


def test_a_draft_is_placed_once_however_often_the_button_is_pressed(
    manager: Client, post: Post
) -> None:
    order = make_draft_order()
    key = key_on(manager, page_of(order))

    first, second = post(order, "place", form_key=key), post(order, "place", form_key=key)

    assert (first.status_code, first["Location"]) == (302, page_of(order))
    assert (second.status_code, second["Location"]) == (302, page_of(order))
    assert status_of(order) == "placed"


def test_placing_again_with_a_new_key_is_refused_with_a_sentence(post: Post) -> None:
    order = take_order()

    answer = post(order, "place")

    assert answer.status_code == 409
    assert "it cannot place now" in answer.content.decode()
    assert status_of(order) == "placed"


def test_a_hold_is_set_and_lifted_on_the_page(post: Post) -> None:
    order = take_order()

    held = post(order, "hold", kind="routing", reason="credit", note="Over the limit")

    assert held.status_code == 302
    hold = order.holds.get()
    assert (hold.reason, hold.note, hold.placed_by) == ("credit", "Over the limit", "manager")
    lifted = post(order, f"lift/{hold.pk}")
    assert lifted.status_code == 302
    assert order.holds.filter(lifted_at=None).count() == 0


def test_a_hold_that_is_there_already_is_refused_and_the_note_is_kept(post: Post) -> None:
    order = take_order()
    hold_order(order_id=order.pk, kind="routing", reason="credit", actor=SYSTEM)

    answer = post(order, "hold", kind="routing", reason="credit", note="typed with care")

    assert answer.status_code == 409
    assert "typed with care" in answer.content.decode()
    assert order.holds.count() == 1


def test_an_order_is_tagged_on_its_page_and_found_by_the_tag(manager: Client, post: Post) -> None:
    order, other = take_order(), take_order()

    assert post(order, "tags", tags="Gift, VIP").status_code == 302

    assert Order.objects.get(pk=order.pk).tags == ["gift", "vip"]
    assert numbers(manager.get(LIST, {"tag": "vip"})) == [order.number]
    assert b"gift, vip" in manager.get(page_of(order)).content
    refused = post(order, "tags", tags="<b>")
    assert refused.status_code == 409
    assert b"is no tag" in refused.content
    assert Order.objects.get(pk=other.pk).tags == []


def test_a_hold_of_another_order_is_not_found(post: Post) -> None:
    order, other = take_order(), take_order()
    hold = hold_order(order_id=other.pk, kind="routing", reason="credit", actor=SYSTEM)

    assert post(order, f"lift/{hold.pk}").status_code == 404
    assert other.holds.filter(lifted_at=None).count() == 1


def test_units_are_canceled_and_too_many_are_refused(post: Post) -> None:
    from tests.factories import line_draft, make_product

    order = take_order(line_draft(make_product(), 5))
    (line,) = lines_of(order)

    too_many = post(order, "cancel-units", **{f"line_{line.pk}": "6", "reason": "changed mind"})
    none = post(order, "cancel-units", reason="changed mind")
    fine = post(order, "cancel-units", **{f"line_{line.pk}": "2", "reason": "changed mind"})

    assert (too_many.status_code, none.status_code, fine.status_code) == (422, 422, 302)
    (line,) = lines_of(order)
    assert (line.open, line.canceled) == (3, 2)


def test_an_order_is_canceled_with_a_reason(post: Post) -> None:
    order = take_order()

    assert post(order, "cancel").status_code == 422
    assert status_of(order) == "placed"
    assert post(order, "cancel", reason="Customer called").status_code == 302
    assert status_of(order) == "canceled"


def test_a_payment_is_recorded_once_and_never_too_fine(manager: Client, post: Post) -> None:
    order = take_order()
    key = key_on(manager, page_of(order))

    fine = post(order, "pay", method="cash", amount="4.999")
    for _ in range(2):
        post(order, "pay", method="cash", amount="4.99", reference="R-1", form_key=key)

    assert fine.status_code == 409
    assert [(p.captured, p.reference) for p in order.payments.all()] == [(Decimal("4.99"), "R-1")]


def test_a_post_without_a_key_changes_nothing(manager: Client) -> None:
    order = make_draft_order()

    assert manager.post(f"{page_of(order)}place/").status_code == 400
    assert status_of(order) == "draft"


# --- Customers -----------------------------------------------------------------------------------


def test_customers_are_listed_searched_and_shown(manager: Client) -> None:
    order = take_order(customer=make_customer("Verne Frères", email="achats@verne.example"))

    page = manager.get("/admin/orders/customer/?q=vern").content.decode()
    shown = manager.get(f"/admin/orders/customer/{order.customer.number}/")

    assert order.customer.number in page
    assert numbers(shown) == [order.number]
    assert statements(manager, "/admin/orders/customer/") <= 12


def test_a_paid_order_that_is_canceled_says_what_to_refund(manager: Client) -> None:
    customer = make_customer(settlement="prepaid")
    order = take_order(line_draft(make_product(), 2, "10.00"), customer=customer)
    record_payment(
        order_id=order.pk,
        method="card",
        amount=Order.objects.get(pk=order.pk).total_amount,
        idem_key="refund-test",
        actor=SYSTEM,
    )
    cancel_order(order_id=order.pk, reason="Ordered twice", actor=SYSTEM)

    answer = manager.get(page_of(order))

    money = answer.context["page"].money
    assert (money.owed, money.to_refund) == (Decimal(0), money.captured)
    page = answer.content.decode()
    assert "To refund" in page
    assert "Not invoiced yet" not in page
    assert "issued a credit note" in page
    assert "recorded a payment" in page
