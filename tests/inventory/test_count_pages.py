"""A count at the screen: recorded blind, looked at by a second person, approved by a third."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from inventory.models import AdjustmentReason, StockCount, StockLevel, WarehouseAccess
from oms.core import invariants
from oms.core.models import Case, Paper
from tests.factories import WarehouseSetup, add_stock, make_product, make_warehouse
from tests.people import browser_of, key_on, make_person

LIST = "/admin/inventory/count/"


@pytest.fixture
def place(db: None) -> WarehouseSetup:
    AdjustmentReason.objects.update_or_create(
        code="count", defaults={"title": "Count", "limit_units": 2, "limit_amount": Decimal(20)}
    )
    setup = make_warehouse("BER")
    add_stock(setup, make_product("LAMP", cost=Decimal(5)), 20)
    return setup


def worker(place: WarehouseSetup, name: str) -> Client:
    return browser_of(make_person("warehouse", name, at=place.warehouse))


@pytest.fixture
def anna(place: WarehouseSetup) -> Client:
    return worker(place, "anna")


@pytest.fixture
def boris(place: WarehouseSetup) -> Client:
    return worker(place, "boris")


@pytest.fixture
def manager(place: WarehouseSetup) -> Client:
    return browser_of(make_person("manager"))


def opened(client: Client) -> StockCount:
    asked = {"products": "LAMP", "reason": "looks odd", "is_blind": "on"}
    asked["warehouse"] = str(WarehouseAccess.objects.values_list("warehouse", flat=True)[0])
    answer = client.post(f"{LIST}add/", asked | {"form_key": key_on(client, f"{LIST}add/")})
    assert answer.status_code == 302, answer.content.decode()
    return StockCount.objects.get()


def post(client: Client, count: StockCount, action: str, **fields: str) -> int:
    page = f"{LIST}{count.number}/"
    keyed = {"form_key": key_on(client, page)} | fields
    return client.post(f"{page}{action}/", keyed).status_code


def on_hand() -> int:
    return StockLevel.objects.get().on_hand


def typed(count: StockCount, units: str) -> dict[str, str]:
    return {f"line_{count.lines.get().pk}": units}


def test_a_count_with_a_second_count_and_an_approval(
    anna: Client, boris: Client, manager: Client
) -> None:
    count = opened(anna)
    page = f"{LIST}{count.number}/"
    assert "20" not in anna.get(page).content.decode().split("h-open")[1].split("</table>")[0]

    assert post(anna, count, "record", **typed(count, "11")) == 302
    assert "somebody else counts this again" in anna.get(page).content.decode()
    assert post(anna, count, "record", **typed(count, "20")) == 409
    assert post(boris, count, "record", **typed(count, "12")) == 302
    assert post(boris, count, "finish") == 302
    assert (StockCount.objects.get().status, on_hand()) == ("review", 20)
    assert boris.post(f"{page}approve/", {"form_key": "0123456789"}).status_code == 403
    exceptions = manager.get("/admin/exceptions/").content.decode()
    assert "-8 LAMP in A-01" in exceptions
    assert page in exceptions
    assert "−€40.00" in manager.get(page).content.decode().replace("-€", "−€")
    assert post(manager, count, "approve") == 302

    assert (StockCount.objects.get().status, on_hand()) == ("posted", 12)
    assert not Case.objects.filter(closed_at=None).exists()
    assert invariants.violations() == []


def test_the_differences_go_back_to_the_floor(anna: Client, boris: Client, manager: Client) -> None:
    count = opened(anna)
    post(anna, count, "record", **typed(count, "11"))
    post(boris, count, "record", **typed(count, "12"))
    post(boris, count, "finish")

    assert post(manager, count, "recount", note="behind the pillar") == 302

    assert (StockCount.objects.get().status, on_hand()) == ("open", 20)
    assert "behind the pillar" in manager.get(f"{LIST}{count.number}/").content.decode()


def test_scanning_records_also_what_nobody_expected(anna: Client) -> None:
    count = opened(anna)
    scans = [("A-01", "LAMP", "20"), ("A-02", "lamp", "1")]
    for bin_code, product, counted in scans:
        fields = {"bin": bin_code, "product": product, "counted": counted}
        assert post(anna, count, "scan", **fields) == 302

    assert post(anna, count, "finish") == 302
    assert (StockCount.objects.get().status, on_hand()) == ("posted", 21)
    assert invariants.violations() == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"bin": "Z-99", "product": "LAMP", "counted": "1"}, 409),
        ({"bin": "A-01", "product": "GHOST", "counted": "1"}, 409),
        ({"bin": "A-01", "product": "LAMP", "counted": "-1"}, 422),
        ({"bin": "A-01", "product": "LAMP", "counted": ""}, 422),
        ({"bin": "A-01", "product": "LAMP", "counted": "1", "lot": "L1"}, 409),
    ],
)
def test_a_wrong_scan_changes_nothing(anna: Client, fields: dict[str, str], status: int) -> None:
    count = opened(anna)

    assert post(anna, count, "scan", **fields) == status

    assert count.lines.get().counted is None


def test_typed_nonsense_is_refused(anna: Client) -> None:
    count = opened(anna)

    for units in ("-1", "many", "", "1.5"):
        assert post(anna, count, "record", **typed(count, units)) == 409
    assert post(anna, count, "finish") == 409

    assert count.lines.get().counted is None


def test_a_new_count_names_what_to_count(anna: Client) -> None:
    warehouse = str(WarehouseAccess.objects.values_list("warehouse", flat=True)[0])
    for facts in ({}, {"bins": "Z-99"}, {"products": "GHOST"}):
        asked = {"warehouse": warehouse, "reason": "x"} | facts
        keyed = asked | {"form_key": key_on(anna, f"{LIST}add/")}
        assert anna.post(f"{LIST}add/", keyed).status_code == 422

    assert StockCount.objects.count() == 0


def test_people_see_the_counts_of_their_own_warehouses(anna: Client, manager: Client) -> None:
    count = opened(anna)
    stranger = browser_of(make_person("warehouse", "cleo", at=make_warehouse("PAR").warehouse))

    assert stranger.get(f"{LIST}{count.number}/").status_code == 404
    assert count.number not in stranger.get(LIST).content.decode()
    assert count.number in manager.get(LIST).content.decode()
    assert count.number in manager.get(f"{LIST}?q=LAMP").content.decode()


def test_the_count_sheet_is_drawn_and_a_count_is_canceled(anna: Client) -> None:
    count = opened(anna)

    assert post(anna, count, "sheet") == 302
    assert Paper.objects.get().kind == "count_sheet"
    assert post(anna, count, "cancel") == 302
    assert StockCount.objects.get().status == "canceled"
    assert post(anna, count, "finish") == 409


def test_a_count_is_found_by_its_number(anna: Client) -> None:
    count = opened(anna)

    answer = anna.get(f"/admin/search/?q={count.number.lower()}")

    assert answer.status_code == 302
    assert answer["Location"] == f"{LIST}{count.number}/"
