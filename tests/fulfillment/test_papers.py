"""Pick lists and packing slips as PDF, and when they are asked for."""

import io

import pypdf
import pytest
from django.template.loader import render_to_string
from django.utils import translation

from fulfillment import handlers
from fulfillment.events import ParcelShipped, ShipmentPacked, ShipmentReleased
from fulfillment.models import Parcel, Pick, PickList, Shipment, ShipmentLine
from fulfillment.notifications import tell_parcels_shipped
from fulfillment.selectors.packing_slip import packing_slip
from fulfillment.selectors.pick_list_paper import pick_list_paper
from fulfillment.services.packing import pack_parcel
from fulfillment.services.picking import pick
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_order
from fulfillment.services.shipping import ship_parcels, unship_parcel
from oms.core.models import Message, Paper
from oms.core.pdf import render_html_to_pdf
from orders.models import Order
from tests.factories import (
    DESK,
    PARIS,
    PICKER,
    add_stock,
    line_draft,
    make_product,
    make_warehouse,
    take_order,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    """Three mugs (two parcels) and a board on backorder, packed."""
    setup, mug, board = make_warehouse(), make_product("MUG"), make_product("BOARD")
    add_stock(setup, mug, 10)
    mugs = line_draft(mug, 3, description="Stoneware mug")
    order = take_order(
        mugs, line_draft(board, 2), ship_to=PARIS, locale="en", customer_po_number="PO-77"
    )
    route_order(order_id=order.pk, actor=DESK)
    shipment = Shipment.objects.get()
    release_shipments(shipment_ids=[shipment.pk], actor=PICKER)
    pick(pick_id=Pick.objects.get().pk, quantity=3, actor=PICKER)
    line = ShipmentLine.objects.get()
    for units in (2, 1):
        pack_parcel(shipment_id=shipment.pk, contents={line.pk: units}, actor=PICKER)
    return order


def text_of(template: str, context: object) -> list[str]:
    pdf = render_html_to_pdf(render_to_string(template, dict(context)))  # type: ignore[call-overload]
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def test_a_packing_slip_has_a_page_for_each_parcel(order: Order) -> None:
    shipment = Shipment.objects.get()

    first, second = text_of(*packing_slip(shipment.pk, "en"))

    for page in (first, second):
        assert shipment.number in page
        assert order.number in page
        assert "PO-77" in page
        assert "75004 PARIS" in page
        assert "FRANCE" in page
    assert "Parcel 1 of 2" in first
    assert "1 in parcel 2 of 2" in first
    assert "2 on backorder" in first
    assert "Parcel 2 of 2" in second
    assert Parcel.objects.get(position=2).tracking_number in second


def test_a_packing_slip_counts_what_is_here_and_what_follows(order: Order) -> None:
    _, context = packing_slip(Shipment.objects.get().pk, "en")

    pages = [[(r.sku, r.ordered, r.here, r.to_follow) for r in p.rows] for p in context["pages"]]

    assert pages == [
        [("MUG", 3, 2, 1), ("BOARD", 2, 0, 2)],
        [("MUG", 3, 1, 0), ("BOARD", 2, 0, 2)],
    ]


def test_hostile_text_on_a_packing_slip_is_text(order: Order) -> None:
    order.ship_to.company = '<img src="file:///etc/passwd"> & Sons'
    order.ship_to.save()

    template, context = packing_slip(Shipment.objects.get().pk, "en")
    html = render_to_string(template, dict(context))

    assert "<img" not in html
    assert "&lt;img" in html


def test_a_pick_list_names_bins_goods_and_shipments(order: Order) -> None:
    pick_list = PickList.objects.get()

    [page] = text_of(*pick_list_paper(pick_list.pk, "en"))

    for word in (pick_list.number, "A-01", "MUG", Shipment.objects.get().number):
        assert word in page


def test_papers_are_asked_for_once_by_the_events_of_the_floor(order: Order) -> None:
    shipment = Shipment.objects.get()
    released = [ShipmentReleased(shipment_id=shipment.pk)]

    handlers.draw_pick_lists(released)
    handlers.draw_pick_lists(released)
    handlers.draw_packing_slips([ShipmentPacked(shipment_id=shipment.pk)])

    assert sorted(Paper.objects.values_list("kind", "document_kind", "document_id")) == [
        ("packing_slip", "shipment", shipment.pk),
        ("pick_list", "picklist", PickList.objects.get().pk),
    ]


def test_the_customer_is_told_of_each_parcel_that_left(order: Order) -> None:
    parcels = list(Parcel.objects.order_by("pk"))
    ship_parcels(parcel_ids=[parcel.pk for parcel in parcels], actor=PICKER)
    events = [ParcelShipped(parcel.shipment_id, parcel.pk) for parcel in parcels]

    tell_parcels_shipped(events)
    tell_parcels_shipped(events)

    first, _ = Message.objects.order_by("pk")
    assert first.subject == f"Order {order.number} is on its way"
    assert first.to_address == "achats@verne.example"
    assert parcels[0].tracking_number in first.text
    assert "2 × Stoneware mug" in first.text


def test_nobody_is_told_of_a_parcel_that_was_taken_back(order: Order) -> None:
    parcel = Parcel.objects.order_by("pk")[0]
    ship_parcels(parcel_ids=[parcel.pk], actor=PICKER)
    unship_parcel(parcel_id=parcel.pk, actor=DESK)

    tell_parcels_shipped([ParcelShipped(parcel.shipment_id, parcel.pk)])

    assert not Message.objects.exists()


def test_the_composers_work_in_another_language(order: Order) -> None:
    with translation.override("de"):
        template, context = packing_slip(Shipment.objects.get().pk, "de")

        assert "Maison Verne" in render_to_string(template, dict(context))
