"""Scores, exclusions and the way of filling on one page."""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from fulfillment.models import RoutingSettings, Shipment, SiteExclusion
from fulfillment.reliability import reliability
from fulfillment.services.rejections import RejectedUnits, reject_lines
from fulfillment.services.route import route_orders
from oms.core.idempotency import FIELD, new_key
from oms.core.models import Activity
from tests.factories import (
    DESK,
    PICKER,
    add_stock,
    line_draft,
    make_product,
    make_reason,
    make_warehouse,
    take_order,
)
from tests.people import browser_of, make_person
from tests.relay import run_outbox

URL = "/admin/fulfillment/reliability/"


def test_reliability_is_the_share_of_lines_that_were_not_rejected() -> None:
    assert reliability(0, 0) == Decimal("100.0")
    assert reliability(3, 1) == Decimal("66.7")
    assert reliability(8, 8) == Decimal("0.0")
    with pytest.raises(ValueError, match="4 of 3"):
        reliability(3, 4)


@pytest.fixture
def manager(db: None) -> Client:
    return browser_of(make_person("manager"))


@pytest.fixture
def rejected(db: None) -> Shipment:
    """A shipment from BER of which one unit was rejected."""
    setup, mug = make_warehouse("BER"), make_product("MUG")
    add_stock(setup, mug, 5)
    order = take_order(line_draft(mug, 3))
    route_orders([order.pk], actor=DESK)
    shipment = Shipment.objects.get()
    reject_lines(
        shipment_id=shipment.pk,
        lines=[RejectedUnits(shipment.lines.get().pk, 1)],
        reason_id=make_reason("busy", title="Too busy", excludes_hours=4).pk,
        note="truck late",
        actor=PICKER,
    )
    return shipment


def test_the_page_shows_scores_exclusions_and_rejections(
    manager: Client, rejected: Shipment
) -> None:
    shown = manager.get(URL).content.decode()

    assert rejected.number in shown
    assert "Too busy" in shown
    assert "truck late" in shown
    assert "0.0 %" in shown


def test_an_exclusion_is_lifted_on_the_page_and_the_order_ships_from_there(
    manager: Client, rejected: Shipment
) -> None:
    run_outbox()
    assert Shipment.objects.count() == 1
    exclusion = SiteExclusion.objects.get()

    manager.post(f"{URL}exclusion/{exclusion.pk}/lift/", {FIELD: new_key()})
    run_outbox()

    assert SiteExclusion.objects.get().until_at <= timezone.now()
    assert Shipment.objects.count() == 2
    again = manager.post(f"{URL}exclusion/{exclusion.pk}/lift/", {FIELD: new_key()})
    assert again.status_code == 409


def test_the_way_of_filling_is_changed_on_the_page(manager: Client) -> None:
    fields = {"fill_policy": "most_completed", "held_claim_days": 14}

    manager.post(f"{URL}filling/", {FIELD: new_key(), **fields})

    settings = RoutingSettings.objects.get()
    assert (settings.fill_policy, settings.held_claim_days) == ("most_completed", 14)
    entry = Activity.objects.get(document_kind="routingsettings")
    assert (entry.old, entry.new) == ("priority, as long as held", "most_completed, 14 days")
    assert "Most orders completed" in manager.get(URL).content.decode()


def test_a_wrong_number_of_days_comes_back(manager: Client) -> None:
    answer = manager.post(
        f"{URL}filling/", {FIELD: new_key(), "fill_policy": "priority", "held_claim_days": -1}
    )

    assert answer.status_code == 422
    assert not RoutingSettings.objects.exists()


def test_reasons_are_kept_in_the_admin(manager: Client, rejected: Shipment) -> None:
    assert "Too busy" in manager.get("/admin/fulfillment/rejectionreason/").content.decode()
    assert manager.get("/admin/fulfillment/rejection/").status_code == 200
