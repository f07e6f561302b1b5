"""A transfer at the screen: drafted, approved, sent, received in two parts with a difference."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inventory.models import Receipt, StockLevel, StockMovement, Transfer, TransferPart
from inventory.services.claims import AllocationRequest, allocate
from inventory.services.goods import GoodsIssue, ship
from oms.core import invariants
from oms.core.actors import SYSTEM
from oms.core.models import Paper
from tests.factories import WarehouseSetup, add_stock, make_product, make_warehouse
from tests.people import browser_of, key_on, make_person

LIST = "/admin/inventory/transfer/"
ADD = f"{LIST}add/"
BALANCE = f"{LIST}balance/"
_keys = count()


@pytest.fixture
def ber(db: None) -> WarehouseSetup:
    setup = make_warehouse("BER")
    add_stock(setup, make_product("LAMP"), 100)
    return setup


@pytest.fixture
def ham(ber: WarehouseSetup) -> WarehouseSetup:
    return make_warehouse("HAM")


@pytest.fixture
def manager(ham: WarehouseSetup) -> Client:
    return browser_of(make_person("manager"))


def worker(setup: WarehouseSetup) -> Client:
    return browser_of(make_person("warehouse", f"at-{setup.warehouse.code}", at=setup.warehouse))


def drafted(client: Client, lines: str = "lamp 30\nLAMP 10", **facts: str) -> Any:
    fields = {"warehouse_from": "BER", "warehouse_to": "HAM", "lines": lines} | facts
    return client.post(ADD, fields | {"form_key": key_on(client, ADD)})


def post(client: Client, transfer: Transfer, action: str, **fields: str) -> int:
    page = f"{LIST}{transfer.number}/"
    answer = client.post(f"{page}{action}/", {"form_key": f"form-key-{next(_keys)}"} | fields)
    return answer.status_code


def came(transfer: Transfer, **facts: str) -> dict[str, str]:
    part = TransferPart.objects.get(line__transfer=transfer)
    return {f"{name}_{part.pk}": value for name, value in ({"bin": "RECV"} | facts).items()}


def level(setup: WarehouseSetup) -> tuple[int, int, int]:
    row = StockLevel.objects.get(warehouse=setup.pk)
    return row.on_hand, row.allocated, row.blocked


def test_a_transfer_in_two_phases_with_a_difference(
    manager: Client, ber: WarehouseSetup, ham: WarehouseSetup
) -> None:
    assert drafted(manager).status_code == 302
    transfer = Transfer.objects.get()
    assert post(manager, transfer, "approve") == 302
    assert level(ber) == (100, 40, 0)
    product = manager.get("/admin/inventory/product/LAMP/").content.decode()
    assert f"{LIST}{transfer.number}/" in product

    sender, receiver = worker(ber), worker(ham)
    assert post(receiver, transfer, "send") == 403
    assert post(sender, transfer, "send", expected_date="2026-12-01") == 302
    assert level(ber) == (60, 0, 0)
    assert invariants.violations() == []

    assert post(sender, transfer, "receive", **came(transfer, came="1")) == 403
    first = came(transfer, came="30", damaged="4", lost="0")
    assert post(receiver, transfer, "receive", **first) == 302
    assert level(ham) == (30, 0, 4)
    assert post(receiver, transfer, "receive", **came(transfer, came="5", lost="5")) == 409
    rest = came(transfer, came="5", lost="5", why="pallet tipped over")
    assert post(receiver, transfer, "receive", **rest) == 302

    assert Transfer.objects.get().status == "received"
    assert level(ham) == (35, 0, 4)
    assert Receipt.objects.count() == 2
    page = manager.get(f"{LIST}{transfer.number}/").content.decode()
    assert "Received" in page
    assert invariants.violations() == []


def test_an_approval_says_what_is_missing(manager: Client, ber: WarehouseSetup) -> None:
    drafted(manager, "LAMP 101")
    transfer = Transfer.objects.get()

    assert post(manager, transfer, "approve") == 409

    assert Transfer.objects.get().status == "draft"
    assert level(ber) == (100, 0, 0)


def test_a_truck_that_did_not_leave(manager: Client, ber: WarehouseSetup) -> None:
    drafted(manager, "LAMP 40")
    transfer = Transfer.objects.get()
    for action in ("approve", "send", "take-back", "reopen"):
        assert post(manager, transfer, action) == 302
    assert level(ber) == (100, 0, 0)
    assert post(manager, transfer, "lines", lines="LAMP 7") == 302
    assert transfer.lines.get().quantity == 7
    assert post(manager, transfer, "cancel", note="not needed") == 302

    assert post(manager, transfer, "approve") == 409
    assert Transfer.objects.get().status == "canceled"
    assert invariants.violations() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": "LAMP"}, {"lines": "LAMP many"}, {"lines": "LAMP 0"}, {"lines": ""},
        {"lines": "GHOST 1"}, {"warehouse_to": "BER"}, {"warehouse_to": "MOON"},
    ],
)  # fmt: skip
def test_a_wrong_draft_comes_back_with_its_errors(manager: Client, wrong: dict[str, str]) -> None:
    assert drafted(manager, **({"lines": "LAMP 1"} | wrong)).status_code == 422

    assert Transfer.objects.count() == 0


def test_what_is_typed_wrong_at_receiving_books_nothing(
    manager: Client, ber: WarehouseSetup
) -> None:
    drafted(manager, "LAMP 40")
    transfer = Transfer.objects.get()
    post(manager, transfer, "approve")
    post(manager, transfer, "send")
    wrong = [{"came": "41"}, {"came": "x"}, {"came": "1", "bin": "Z-9"}, {"came": "0"}]

    for facts in wrong:
        assert post(manager, transfer, "receive", **came(transfer, **facts)) == 409

    assert Receipt.objects.count() == 0
    assert not StockMovement.objects.filter(kind="transfer_in").exists()


def sold(setup: WarehouseSetup, units: int) -> None:
    row = StockLevel.objects.get(warehouse=setup.pk)
    claim = {"warehouse_id": setup.pk, "product_id": row.product_id, "quantity": units}
    demand = {"demand_kind": "order_line", "demand_id": setup.pk}
    allocate([AllocationRequest(**claim, **demand)], actor=SYSTEM)
    issue = GoodsIssue(
        **claim, **demand, bin_id=setup.bins["A-01"].pk, document="X", idem_key=f"sold:{setup.pk}"
    )
    ship([issue], actor=SYSTEM)


def test_suggestions_become_drafts_and_are_not_made_twice(
    manager: Client, ber: WarehouseSetup, ham: WarehouseSetup
) -> None:
    lamp = StockLevel.objects.get().product
    add_stock(ham, lamp, 91)
    sold(ham, 90)
    [move] = manager.get(BALANCE).context["moves"]
    assert (move.suggestion.quantity, move.cover) == (29, [(None, None), (1, 30)])

    fields = {"selected": move.key, f"units_{move.key}": "20", "form_key": key_on(manager, BALANCE)}
    nothing = manager.post(BALANCE, {"form_key": key_on(manager, BALANCE)})
    answer = manager.post(BALANCE, fields)

    assert (nothing.status_code, answer.status_code) == (409, 302)
    line = Transfer.objects.get().lines.get()
    assert (line.product, line.quantity) == (lamp, 20)
    assert manager.get(BALANCE).context["moves"] == []


def test_old_sales_are_no_demand(manager: Client, ber: WarehouseSetup, ham: WarehouseSetup) -> None:
    from inventory.selectors.balance_page import suggested_moves

    add_stock(ham, StockLevel.objects.get().product, 91)
    sold(ham, 90)
    today = timezone.localdate()

    assert len(suggested_moves(today=today)) == 1
    assert suggested_moves(today=today + timedelta(days=91)) == []


def test_a_transfer_is_found_and_its_note_is_drawn(manager: Client) -> None:
    drafted(manager, "LAMP 1")
    transfer = Transfer.objects.get()

    found = manager.get(f"/admin/search/?q={transfer.number}")

    assert found["Location"] == f"{LIST}{transfer.number}/"
    assert post(manager, transfer, "note") == 302
    assert Paper.objects.get().kind == "transfer_note"
    assert transfer.number in manager.get(f"{LIST}?q=LAMP").content.decode()


def test_strangers_do_not_see_a_transfer(manager: Client) -> None:
    drafted(manager, "LAMP 1")
    stranger = worker(make_warehouse("PAR"))

    assert stranger.get(f"{LIST}{Transfer.objects.get().number}/").status_code == 404
