from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from inventory.exceptions import InsufficientStock, TransferRefused, WrongPlace
from inventory.models import Bin, BinContent, Lot, StockMovement, Transfer, TransferPart
from inventory.services import goods
from inventory.services.goods import GoodsReceipt
from inventory.services.transfer_receiving import PartArrived, receive_transfer
from inventory.services.transfers import (
    approve_transfer,
    cancel_transfer,
    change_lines,
    draft_transfer,
    reopen_transfer,
    send_transfer,
    take_back_transfer,
)
from oms.core.exceptions import TransitionRefused
from tests.inventory.books import assert_consistent, level
from tests.inventory.world import PICKER, Site

Check = Callable[[], None]


@pytest.fixture
def south_quarantine(site: Site) -> Bin:
    return Bin.objects.create(warehouse=site.south, code="QUAR", kind="quarantine")


def drafted(site: Site, units: int = 8, **facts: Any) -> Transfer:
    facts = {"quantities": {site.lamp.pk: units}} | facts
    return draft_transfer(
        warehouse_from_id=site.north.pk, warehouse_to_id=site.south.pk, actor=PICKER, **facts
    )


def on_the_way(site: Site, units: int = 8, **facts: Any) -> Transfer:
    transfer = drafted(site, units, **facts)
    approve_transfer(transfer_id=transfer.pk, actor=PICKER)
    return send_transfer(transfer_id=transfer.pk, actor=PICKER, expected_date=date(2026, 5, 4))


def arrived(site: Site, transfer: Transfer, quantity: int, **facts: Any) -> PartArrived:
    part = TransferPart.objects.get(line__transfer=transfer)
    facts = {"bin_id": site.south_shelf.pk} | facts
    return PartArrived(part_id=part.pk, quantity=quantity, **facts)


def status_of(transfer: Transfer) -> str:
    return Transfer.objects.get(pk=transfer.pk).status


def north(site: Site) -> tuple[int, int, int]:
    return level(site.north.pk, site.lamp.pk)


def south(site: Site) -> tuple[int, int, int]:
    return level(site.south.pk, site.lamp.pk)


def test_a_transfer_in_two_phases(site: Site) -> None:
    transfer = drafted(site)
    assert north(site) == (20, 0, 0)

    approve_transfer(transfer_id=transfer.pk, actor=PICKER)
    assert north(site) == (20, 8, 0)

    send_transfer(transfer_id=transfer.pk, actor=PICKER, expected_date=date(2026, 5, 4))
    line = transfer.lines.get()
    assert north(site) == (12, 0, 0)
    assert (line.sent, line.in_transit) == (8, 8)
    assert_consistent()

    receive_transfer(transfer_id=transfer.pk, arrived=[arrived(site, transfer, 8)], actor=PICKER)
    assert south(site) == (8, 0, 0)
    assert status_of(transfer) == "received"
    assert transfer.lines.get().in_transit == 0
    assert_consistent()


def test_it_comes_in_parts_with_damage_and_loss(site: Site, south_quarantine: Bin) -> None:
    transfer = on_the_way(site)

    first = arrived(site, transfer, 5, damaged=2)
    receipt = receive_transfer(transfer_id=transfer.pk, arrived=[first], actor=PICKER)

    assert status_of(transfer) == "partly_received"
    assert south(site) == (5, 0, 2)
    assert transfer.lines.get().in_transit == 3
    assert receipt.lines.get().damaged == 2
    rest = arrived(site, transfer, 2, lost=1, difference="fell off the truck")
    receive_transfer(transfer_id=transfer.pk, arrived=[rest], actor=PICKER)

    line = transfer.lines.get()
    assert (line.received, line.lost, line.in_transit) == (7, 1, 0)
    assert status_of(transfer) == "received"
    assert south(site) == (7, 0, 2)
    assert_consistent()


def test_receiving_refuses_what_cannot_be(site: Site, unchanged: Check) -> None:
    transfer = on_the_way(site)
    unchanged()
    wrong: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"quantity": 9}, TransferRefused),
        ({"quantity": 8, "lost": 1, "difference": "gone"}, TransferRefused),
        ({"quantity": 1, "damaged": 2}, TransferRefused),
        ({"quantity": 0}, TransferRefused),
        ({"quantity": 0, "lost": 1}, TransferRefused),
        ({"quantity": 1, "bin_id": site.shelf.pk}, WrongPlace),
    ]
    for facts, refusal in wrong:
        with pytest.raises(refusal):
            receive_transfer(
                transfer_id=transfer.pk, arrived=[arrived(site, transfer, **facts)], actor=PICKER
            )

    assert status_of(transfer) == "in_transit"
    assert transfer.lines.get().received == 0
    unchanged()


def test_approving_says_what_is_missing(site: Site, unchanged: Check) -> None:
    site.allocate(15)
    unchanged()
    transfer = drafted(site)

    with pytest.raises(InsufficientStock, match="NORTH has 5 of LAMP available, 8 were asked for"):
        approve_transfer(transfer_id=transfer.pk, actor=PICKER)

    assert status_of(transfer) == "draft"
    unchanged()


def test_an_approved_transfer_is_reopened_or_canceled(site: Site, unchanged: Check) -> None:
    transfer = drafted(site)
    approve_transfer(transfer_id=transfer.pk, actor=PICKER)
    with pytest.raises(TransferRefused, match="reopen"):
        change_lines(transfer_id=transfer.pk, quantities={site.lamp.pk: 3}, actor=PICKER)

    reopen_transfer(transfer_id=transfer.pk, actor=PICKER)
    assert north(site) == (20, 0, 0)
    change_lines(transfer_id=transfer.pk, quantities={site.lamp.pk: 3}, actor=PICKER)
    approve_transfer(transfer_id=transfer.pk, actor=PICKER)
    assert north(site) == (20, 3, 0)
    cancel_transfer(transfer_id=transfer.pk, actor=PICKER)

    assert north(site) == (20, 0, 0)
    assert status_of(transfer) == "canceled"
    assert_consistent()


def test_a_truck_that_did_not_leave_is_taken_back_and_sent_again(site: Site) -> None:
    transfer = on_the_way(site)

    take_back_transfer(transfer_id=transfer.pk, actor=PICKER)

    assert (status_of(transfer), north(site)) == ("approved", (20, 8, 0))
    assert BinContent.objects.get(bin=site.shelf).quantity == 20
    assert transfer.lines.get().sent == 0
    assert_consistent()
    send_transfer(transfer_id=transfer.pk, actor=PICKER)
    take_back_transfer(transfer_id=transfer.pk, actor=PICKER)
    send_transfer(transfer_id=transfer.pk, actor=PICKER)
    assert north(site) == (12, 0, 0)
    assert_consistent()


def test_nothing_is_taken_back_once_something_was_received(site: Site, unchanged: Check) -> None:
    transfer = on_the_way(site)
    receive_transfer(transfer_id=transfer.pk, arrived=[arrived(site, transfer, 1)], actor=PICKER)
    unchanged()

    with pytest.raises(TransitionRefused):
        take_back_transfer(transfer_id=transfer.pk, actor=PICKER)
    with pytest.raises(TransitionRefused):
        cancel_transfer(transfer_id=transfer.pk, actor=PICKER)

    unchanged()


def test_the_lots_that_left_are_the_lots_that_arrive(site: Site) -> None:
    late = Lot.objects.create(product=site.milk, code="L2", expiry_date=date(2199, 2, 1))
    early = Lot.objects.create(product=site.milk, code="L3", expiry_date=date(2199, 1, 1))
    for lot, units in ((late, 5), (early, 3)):
        receipt = GoodsReceipt(
            **site.ids(site.milk), bin_id=site.shelf.pk, quantity=units, lot_id=lot.pk,
            idem_key=lot.code,
        )  # fmt: skip
        goods.receive([receipt], actor=PICKER)

    transfer = on_the_way(site, quantities={site.milk.pk: 4})

    parts = TransferPart.objects.filter(line__transfer=transfer).order_by("lot__expiry_date")
    assert [(part.lot and part.lot.code, part.sent) for part in parts] == [("L3", 3), ("L2", 1)]
    came = [
        PartArrived(part_id=part.pk, quantity=part.sent, bin_id=site.south_shelf.pk)
        for part in parts
    ]
    receive_transfer(transfer_id=transfer.pk, arrived=came, actor=PICKER)
    lying = BinContent.objects.filter(bin=site.south_shelf).order_by("lot__code")
    assert list(lying.values_list("lot__code", "quantity")) == [("L2", 1), ("L3", 3)]
    assert_consistent()


def test_goods_that_stand_at_staging_are_not_sent(site: Site, unchanged: Check) -> None:
    transfer = drafted(site, 20)
    approve_transfer(transfer_id=transfer.pk, actor=PICKER)
    away = goods.BinMove(
        **site.ids(), bin_from_id=site.shelf.pk, bin_to_id=site.staging.pk, quantity=1, idem_key="a"
    )
    goods.move([away], actor=PICKER)
    unchanged()

    with pytest.raises(TransferRefused, match="lack 1 of LAMP"):
        send_transfer(transfer_id=transfer.pk, actor=PICKER)

    assert status_of(transfer) == "approved"
    unchanged()


def test_what_cannot_go_is_refused(site: Site) -> None:
    site.south.is_active = False
    site.south.save()
    with pytest.raises(TransferRefused, match="closed"):
        drafted(site)
    site.south.is_active = True
    site.south.save()
    for quantities in ({site.kit.pk: 1}, {site.lamp.pk: 0}):
        with pytest.raises(TransferRefused):
            drafted(site, quantities=quantities)
    with pytest.raises(TransferRefused, match="two different"):
        draft_transfer(
            warehouse_from_id=site.north.pk, warehouse_to_id=site.north.pk, quantities={},
            actor=PICKER,
        )  # fmt: skip
    empty = drafted(site, quantities={})
    with pytest.raises(TransferRefused, match="no lines"):
        approve_transfer(transfer_id=empty.pk, actor=PICKER)

    assert Transfer.objects.count() == 1
    assert not StockMovement.objects.filter(kind="transfer_out").exists()
