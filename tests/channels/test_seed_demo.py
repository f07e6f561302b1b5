"""The demo: there in one go, the same again, and only where it belongs."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from channels.services.demo_company import ean13
from fulfillment.models import Shipment
from inventory.models import Barcode, Product, StockLevel, StockMovement
from oms.core import invariants
from oms.core.models import Case, User
from orders.models import Invoice, Order


def test_check_digits_are_those_of_known_codes() -> None:
    assert ean13("400638133393") == "4006381333931"
    assert ean13("590123412345") == "5901234123457"


@pytest.mark.django_db
@override_settings(DEBUG=False, DEMO=False)
def test_demo_data_is_refused_where_it_is_no_demo() -> None:
    with pytest.raises(CommandError, match="Demo data goes into a demo only"):
        call_command("seed_demo")
    with pytest.raises(CommandError, match="This is no demo"):
        call_command("demo_info")

    assert not Order.objects.exists()
    assert not User.objects.exists()


def past_movements(kind: str) -> int:
    since = timezone.now() - timedelta(days=80)
    return StockMovement.objects.filter(kind=kind, at__lt=since).count()


@pytest.mark.django_db
@override_settings(DEMO=True)
def test_the_demo_has_orders_and_shipments_in_every_state_and_its_books_are_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("seed_demo")

    live = Order.objects.filter(is_history=False)
    assert set(live.values_list("status", flat=True)) == set(Order.Status.values)
    assert set(live.values_list("fulfillment_status", flat=True)) == set(
        Order.FulfillmentStatus.values
    )
    assert {"unpaid", "partly_paid", "paid"} <= set(live.values_list("payment_status", flat=True))
    shipments = set(Shipment.objects.values_list("status", flat=True))
    assert shipments >= set(Shipment.Status.values) - {"canceled"}
    assert set(live.values_list("holds__reason", flat=True)) >= {
        "credit", "address", "approval", "payment", "customer_wait",
    }  # fmt: skip
    assert Order.objects.filter(is_history=True).count() > 1_500
    assert Invoice.objects.exists()
    assert set(Case.objects.values_list("kind", flat=True)) >= {"routing", "short_pick"}
    assert StockLevel.objects.filter(on_hand__lt=10, safety_stock=10).exists()
    assert Product.objects.filter(tracking="lot").exists()
    assert Product.objects.filter(tracking="serial").exists()
    assert Product.objects.filter(is_kit=True).count() == 2
    assert all(ean13(code[:12]) == code for code in Barcode.objects.values_list("code", flat=True))
    assert invariants.violations() == []
    assert min(past_movements("ship"), past_movements("receive")) > 150

    before = Order.objects.count()
    call_command("seed_demo")
    assert Order.objects.count() == before
    capsys.readouterr()

    call_command("demo_info", json=True)
    info = json.loads(capsys.readouterr().out)
    assert [login["role"] for login in info["logins"]] == [
        "sales_rep", "warehouse", "manager", "returns_clerk", "administrator",
    ]  # fmt: skip
    order = Order.objects.get(number=info["order"]["number"])
    assert order.ship_to.postcode == info["order"]["postcode"]
    for login in info["logins"]:
        user = User.objects.get(username=login["username"])
        assert user.check_password(login["password"])
        assert list(user.groups.values_list("name", flat=True)) == [login["role"]]
