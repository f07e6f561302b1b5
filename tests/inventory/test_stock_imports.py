"""Stock as a table: an import books the differences, its undo books them back."""

from __future__ import annotations

import pytest

from inventory.models import Bin, StockLevel, StockMovement
from inventory.services import goods
from oms.core.exceptions import Refusal
from oms.core.import_batches import CannotUndo, start_import
from oms.core.models import ImportBatch
from tests.inventory.books import assert_consistent, books
from tests.inventory.test_imports import problems, take_in, undo, upload
from tests.inventory.world import PICKER, Site


def test_a_stock_file_books_the_differences_and_its_undo_books_them_back(site: Site) -> None:
    before = books()
    batch = take_in("stock", "warehouse,bin,sku,qty\nNORTH,A-1,LAMP,12\nNORTH,A-2,lamp,5\n")

    level = StockLevel.objects.get(warehouse=site.north, product=site.lamp)
    assert level.on_hand == 17
    movements = StockMovement.objects.filter(document=batch.number).order_by("id")
    assert list(movements.values_list("kind", "on_hand_delta", "reason")) == [
        ("adjust", -8, "import"),
        ("adjust", 5, "import"),
    ]
    undo(batch)
    after = books()
    assert after["levels"] == before["levels"]
    assert after["bins"] == before["bins"]
    assert StockMovement.objects.filter(document=batch.number).count() == 4
    assert_consistent()


def test_a_stock_import_is_not_undone_after_somebody_moved_the_goods(site: Site) -> None:
    batch = take_in("stock", "warehouse,bin,sku,qty\nNORTH,A-1,LAMP,12\n")
    goods.adjust(
        [
            goods.Adjustment(
                **site.ids(), bin_id=site.shelf.pk, delta=-1, reason="broken", idem_key="b"
            )
        ],
        actor=PICKER,
    )
    before = books()

    with pytest.raises(CannotUndo, match="quantity is 11, the import made it 12"):
        undo(batch)

    assert books() == before


@pytest.mark.parametrize(
    ("row", "column", "sentence"),
    [
        ("NORTH,A-1,VASE,,,1", "sku", "There is no product VASE."),
        ("NORTH,Z-9,LAMP,,,1", "bin", "NORTH has no bin Z-9."),
        ("NORTH,A-1,LAMP,,,", "quantity", None),
        ("NORTH,A-1,LAMP,L1,,1", "lot", "There is no lot L1 of LAMP."),
        ("NORTH,A-1,LAMP,,77,1", "serial", "LAMP is not tracked by serial number."),
        ("NORTH,A-1,MILK,,,1", "lot", "MILK is tracked by lot: say which."),
        ("NORTH,A-1,LAMP,,,3", "quantity", "Only 15 of LAMP may go: the rest is allocated."),
        ("NORTH,A-1,LAMP,,,-3", "quantity", "-3 is no whole number."),
    ],
)
def test_stock_rows_that_cannot_be_booked_say_why(
    site: Site, row: str, column: str, sentence: str | None
) -> None:
    site.allocate(5)

    batch = upload("stock", f"warehouse,bin,sku,lot,serial,quantity\n{row}\n")

    assert problems(batch) == ({2: [[column, sentence]]} if sentence else {})


def test_what_only_the_database_sees_refuses_the_whole_import(site: Site) -> None:
    rows = "".join(f"NORTH,{code},LAMP,999999999\n" for code in ("A-1", "A-2", "A-3"))
    Bin.objects.create(warehouse=site.north, code="A-3")
    batch = upload("stock", f"warehouse,bin,sku,quantity\n{rows}")
    assert problems(batch) == {}
    before = books()

    with pytest.raises(Refusal, match="or a sum is too large"):
        start_import(batch_id=batch.pk, actor=PICKER)

    assert books() == before
    assert ImportBatch.objects.get().status == "checked"
