from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from inventory.models import (
    Allocation,
    BinContent,
    CountLine,
    StockCount,
    StockLevel,
    Transfer,
    TransferLine,
    TransferPart,
)
from inventory.services.transfers import approve_transfer, draft_transfer
from oms.core import invariants
from tests.inventory.books import assert_consistent
from tests.inventory.world import Site


def _level(site: Site) -> None:
    StockLevel.objects.filter(product=site.lamp).update(on_hand=47)


def _bins(site: Site) -> None:
    BinContent.objects.filter(product=site.lamp).update(bin=site.quarantine)


def _allocation(site: Site) -> None:
    Allocation.objects.create(
        warehouse=site.north, product=site.lamp, quantity=2, demand_kind="order_line", demand_id=1
    )


def _balance(site: Site) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inventory_stockmovement (warehouse_id, product_id, kind, quantity,"
            " on_hand_after, allocated_after, blocked_after, actor_label)"
            " VALUES (%s, %s, 'move', 1, 19, 0, 0, 'x')",
            [site.north.pk, site.lamp.pk],
        )


def _tracking(site: Site) -> None:
    type(site.lamp).objects.filter(pk=site.lamp.pk).update(tracking="lot")


def _sent(site: Site) -> None:
    transfer = Transfer.objects.create(warehouse_from=site.north, warehouse_to=site.south)
    line = TransferLine.objects.create(transfer=transfer, product=site.lamp, quantity=5, sent=5)
    TransferPart.objects.create(line=line, sent=5)


def _part(site: Site) -> None:
    _sent(site)
    TransferPart.objects.update(received=2)


def _approved(site: Site) -> None:
    draft = draft_transfer(
        warehouse_from_id=site.north.pk,
        warehouse_to_id=site.south.pk,
        quantities={site.lamp.pk: 5},
        actor=site.actor,
    )
    approve_transfer(transfer_id=draft.pk, actor=site.actor)
    TransferLine.objects.update(quantity=6)


def _counted(site: Site) -> None:
    for _list in range(2):
        count = StockCount.objects.create(warehouse=site.north)
        CountLine.objects.create(stock_count=count, bin=site.shelf, product=site.lamp)


@pytest.mark.parametrize(
    ("spoil", "name", "sentence"),
    [
        (_level, "stock.level_is_ledger", "LAMP at NORTH: level 47/0/0, ledger 20/0/0"),
        (_bins, "stock.bins_are_on_hand", "0 blocked, 20 in blocked bins"),
        (_allocation, "stock.allocations_add_up", "0 allocated, its allocations add up to 2"),
        (_balance, "stock.balance_continues", "does not continue the balance before it"),
        (_tracking, "stock.tracking_is_kept", "LAMP is tracked by lot, but 20 units in bin A-1"),
        (_sent, "stock.transit_is_ledger", "5 sent, 0 received; the ledger says 0 sent"),
        (_part, "stock.parts_are_lines", "add up to 5/2/0, the line says 5/0/0"),
        (_approved, "stock.transfer_is_allocated", "LAMP: 5 of 6 units are allocated"),
        (_counted, "stock.counted_once", "LAMP in bin A-1 stands on 2 open counts"),
    ],
)
def test_each_invariant_finds_what_breaks_it(
    site: Site, spoil: Callable[[Site], None], name: str, sentence: str
) -> None:
    assert_consistent()

    spoil(site)

    found = invariants.violations([name])
    assert len(found) == 1
    assert sentence in found[0].sentence


def test_the_command_is_quiet_about_sound_books(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("check_invariants", "stock.level_is_ledger")

    assert capsys.readouterr().out == ""


def test_the_command_prints_findings_and_fails(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    _level(site)

    with pytest.raises(SystemExit) as stop:
        call_command("check_invariants", "stock.level_is_ledger", json=True)

    assert stop.value.code == 1
    assert json.loads(capsys.readouterr().out)[0]["invariant"] == "stock.level_is_ledger"


def test_the_command_refuses_a_name_it_does_not_know(site: Site) -> None:
    with pytest.raises(CommandError, match="Unknown: nonsense"):
        call_command("check_invariants", "nonsense")


def test_rebuilding_sets_spoiled_levels_right(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    _level(site)

    call_command("rebuild_stock", dry_run=True)
    assert StockLevel.objects.get().on_hand == 47
    call_command("rebuild_stock", json=True)

    assert StockLevel.objects.get().on_hand == 20
    assert '"set": 1' in capsys.readouterr().out


def test_two_invariants_do_not_share_a_name() -> None:
    with pytest.raises(ValueError, match=r"Two invariants are called stock\.serial_once"):
        invariants.register_invariant("stock.serial_once", "SELECT 1", "")
