"""Tables in: looked at first, imported whole, undone while nothing has touched them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.models import (
    Barcode,
    Bin,
    Lot,
    Product,
    Supplier,
    SupplierProduct,
    Warehouse,
)
from inventory.services import goods
from oms.core import import_batches
from oms.core.exceptions import Refusal
from oms.core.import_batches import CannotUndo, discard, receive_file, start_import, start_undo
from oms.core.import_files import UnreadableFile
from oms.core.imports import importer_named
from oms.core.models import Activity, ImportBatch
from tests.inventory.world import PICKER, Site
from tests.people import browser_of, key_on, make_person


def upload(kind: str, text: str) -> ImportBatch:
    return receive_file(kind=kind, file_name="file.csv", content=text.encode(), actor=PICKER)


def outcomes(batch: ImportBatch) -> list[tuple[int, str]]:
    return list(batch.rows.order_by("row_number").values_list("row_number", "outcome"))


def problems(batch: ImportBatch) -> dict[int, list[list[str]]]:
    rows = batch.rows.filter(outcome="error").order_by("row_number")
    return {row.row_number: row.problems for row in rows}


def take_in(kind: str, text: str) -> ImportBatch:
    batch = upload(kind, text)
    assert problems(batch) == {}
    return start_import(batch_id=batch.pk, actor=PICKER)


def undo(batch: ImportBatch) -> ImportBatch:
    return start_undo(batch_id=batch.pk, actor=PICKER)


# --- Products ---------------------------------------------------------------------------------

PRODUCTS = (
    "SKU;Description;Unit cost;EAN\nlamp;Desk lamp;12.5;4006381333931 400638*12\nVASE;Vase;3.1;\n"
)


def test_a_preview_says_what_every_row_would_do_and_writes_nothing(site: Site) -> None:
    text = PRODUCTS + "MILK;Milk;;\n;Nameless;1;\nVASE;Again;1;\nBAD;Bad;cheap;\n"

    batch = upload("products", text)

    assert outcomes(batch) == [
        (2, "changed"), (3, "new"), (4, "unchanged"), (5, "error"), (6, "error"), (7, "error"),
    ]  # fmt: skip
    assert problems(batch) == {
        5: [["sku", "SKU is missing."]],
        6: [["sku", "VASE stands in row 3 already."]],
        7: [["cost", "cheap is no number; write it like 1234.50."]],
    }
    lamp = batch.rows.get(row_number=2)
    assert lamp.key == "LAMP"
    assert sorted(lamp.changes) == [
        ("barcodes", "", "400638*12 4006381333931"),
        ("cost", "", "12.5000"),
        ("name", "Lamp", "Desk lamp"),
    ]
    assert not Product.objects.filter(sku="VASE").exists()
    assert Product.objects.get(sku="LAMP").name == "Lamp"


def test_good_rows_are_imported_and_the_others_named(site: Site) -> None:
    batch = upload("products", PRODUCTS + "BAD;Bad;cheap;\n")

    done = start_import(batch_id=batch.pk, actor=PICKER)

    assert done.status == "imported"
    lamp, vase = Product.objects.get(sku="LAMP"), Product.objects.get(sku="VASE")
    assert (lamp.name, str(lamp.cost), vase.name) == ("Desk lamp", "12.5000", "Vase")
    assert dict(lamp.barcodes.values_list("code", "multiplier")) == {
        "4006381333931": 1,
        "400638": 12,
    }
    assert not Product.objects.filter(sku="BAD").exists()
    moves = Activity.objects.filter(document_kind="importbatch", document_id=batch.pk)
    assert list(moves.order_by("id").values_list("verb", flat=True)) == ["check_rows", "take_in"]
    with pytest.raises(Refusal):
        start_import(batch_id=batch.pk, actor=PICKER)


def test_the_same_file_again_changes_nothing(site: Site) -> None:
    take_in("products", PRODUCTS)

    again = upload("products", PRODUCTS)

    assert outcomes(again) == [(2, "unchanged"), (3, "unchanged")]


def test_an_undo_gives_everything_back(site: Site) -> None:
    Barcode.objects.create(product=site.lamp, code="1111")
    before = Product.objects.filter(sku="LAMP").values().get()
    batch = take_in("products", PRODUCTS)

    undone = undo(batch)

    assert undone.status == "undone"
    assert Product.objects.filter(sku="LAMP").values().get() == before
    assert list(site.lamp.barcodes.values_list("code", flat=True)) == ["1111"]
    assert not Product.objects.filter(sku="VASE").exists()
    with pytest.raises(Refusal):
        undo(batch)


def test_an_undo_is_refused_as_a_whole_where_one_row_was_touched(site: Site) -> None:
    batch = take_in("products", PRODUCTS)
    Product.objects.filter(sku="LAMP").update(name="Reading lamp")

    with pytest.raises(CannotUndo) as refusal:
        undo(batch)

    assert [(each.row_number, each.column) for each in refusal.value.problems] == [(2, "name")]
    assert "LAMP was changed since: name is Reading lamp, the import made it Desk lamp." in str(
        refusal.value
    )
    assert Product.objects.filter(sku="VASE").exists()
    assert str(Product.objects.get(sku="LAMP").cost) == "12.5000"
    assert ImportBatch.objects.get().status == "imported"


def test_a_column_that_the_import_left_alone_may_change_in_between(site: Site) -> None:
    batch = take_in("products", "sku,name\nLAMP,Desk lamp\n")
    Product.objects.filter(sku="LAMP").update(weight_kg=2)

    undo(batch)

    lamp = Product.objects.get(sku="LAMP")
    assert (lamp.name, lamp.weight_kg) == ("Lamp", 2)


def test_a_new_product_that_is_in_use_by_now_stays(site: Site) -> None:
    batch = take_in("products", PRODUCTS)
    vase = Product.objects.get(sku="VASE")
    goods.receive(
        [goods.GoodsReceipt(**site.ids(vase), bin_id=site.shelf.pk, quantity=1, idem_key="v")],
        actor=PICKER,
    )

    with pytest.raises(CannotUndo, match="VASE is in use by now"):
        undo(batch)

    assert Product.objects.get(sku="LAMP").name == "Desk lamp"


def test_a_row_that_changed_after_the_preview_is_left_out(site: Site) -> None:
    batch = upload("products", PRODUCTS)
    Product.objects.filter(sku="LAMP").update(name="Reading lamp")

    start_import(batch_id=batch.pk, actor=PICKER)

    assert outcomes(batch) == [(2, "error"), (3, "new")]
    assert Product.objects.get(sku="LAMP").name == "Reading lamp"
    undo(batch)
    assert not Product.objects.filter(sku="VASE").exists()


def test_an_empty_cell_empties_what_may_be_empty_and_leaves_the_rest(site: Site) -> None:
    Product.objects.filter(sku="LAMP").update(cost=5, pack_size=6)

    take_in("products", "sku,name,cost,pack_size\nLAMP,,,\n")

    lamp = Product.objects.get(sku="LAMP")
    assert (lamp.name, lamp.cost, lamp.pack_size) == ("Lamp", None, 6)


@pytest.mark.parametrize(
    ("row", "column", "sentence"),
    [
        ("LAMP,Lamp,lot,1", "tracking", "The product is in stock: its tracking cannot change now."),
        ("LAMP,Lamp,by feel,1", "tracking", "by feel is none of none, lot, serial."),
        ("LAMP,Lamp,none,0", "pack_size", "Ensure this value is greater than or equal to 1."),
        ("NEW,,none,1", "name", "name is missing, and this is new."),
        (
            "X" * 65 + ",Lamp,none,1",
            "sku",
            "Ensure this value has at most 64 characters (it has 65).",
        ),
    ],
)
def test_a_bad_row_names_its_column(site: Site, row: str, column: str, sentence: str) -> None:
    batch = upload("products", f"sku,name,tracking,pack_size\n{row}\n")

    assert problems(batch) == {2: [[column, sentence]]}


def test_a_barcode_of_another_product_is_refused_in_the_books_and_in_the_file(site: Site) -> None:
    Barcode.objects.create(product=site.milk, code="1111")

    batch = upload("products", "sku,name,barcodes\nLAMP,Lamp,1111\nA,A,2222\nB,B,2222\nC,C,*\n")

    assert problems(batch) == {
        2: [["barcodes", "Barcode 1111 belongs to another product."]],
        4: [["barcodes", "Barcode 2222 belongs to another product."]],
        5: [["barcodes", "* is no barcode: write code or code*12."]],
    }


def test_a_file_without_the_column_that_names_its_rows_is_refused(site: Site) -> None:
    with pytest.raises(UnreadableFile, match="no column SKU"):
        upload("products", "name\nLamp\n")

    assert not ImportBatch.objects.exists()


def test_a_file_with_two_columns_of_one_name_is_refused(site: Site) -> None:
    with pytest.raises(UnreadableFile, match="several columns cost: keep one"):
        upload("products", "sku,cost,cost\nLAMP,1,2\n")

    assert not ImportBatch.objects.exists()


def test_a_row_longer_than_the_header_is_an_error(site: Site) -> None:
    batch = upload("products", "sku,cost\nLAMP,12,50\n")

    sentence = "The row has more cells than the header: put cells with a comma in quotes."
    assert problems(batch) == {2: [["", sentence]]}


def test_a_bad_cell_does_not_make_a_known_product_new(site: Site) -> None:
    batch = upload("products", "sku,cost\nLAMP,abc\nlamp,3\nMILK,4\nMILK,5\n")

    assert problems(batch) == {
        2: [["cost", "abc is no number; write it like 1234.50."]],
        5: [["sku", "MILK stands in row 4 already."]],
    }


def test_a_discarded_file_cannot_be_imported(site: Site) -> None:
    batch = upload("products", PRODUCTS)

    discard(batch_id=batch.pk, actor=PICKER)

    with pytest.raises(Refusal, match="discarded"):
        start_import(batch_id=batch.pk, actor=PICKER)


@pytest.mark.parametrize("kind", ["products", "warehouses", "bins", "lots", "stock"])
def test_what_is_exported_comes_back_unchanged(site: Site, kind: str) -> None:
    importer = importer_named(kind)
    names = [column.name for column in importer.columns]
    rows = [",".join(f'"{values[name]}"' for name in names) for values in importer.export()]
    assert rows

    batch = upload(kind, "\n".join([",".join(names), *rows]))

    assert {outcome for _row, outcome in outcomes(batch)} == {"unchanged"}


# --- Warehouses, bins, lots -------------------------------------------------------------------


def test_warehouses_bins_and_lots_are_known_by_their_codes(site: Site) -> None:
    take_in("warehouses", "code,title,latitude\nnorth,Northern hall,52.5\n")
    take_in("bins", "warehouse,code,kind,walk order\nNORTH,a-1,shelf,15\nNORTH,B-1,Shelf,30\n")
    take_in("lots", "sku,lot,best before\nMILK,L-9,2027-01-31\n")

    assert Warehouse.objects.get(code="NORTH").title == "Northern hall"
    assert Bin.objects.get(pk=site.shelf.pk).walk_order == 15
    assert Bin.objects.get(code="B-1").warehouse_id == site.north.pk
    assert Lot.objects.get(code="L-9").expiry_date == date(2027, 1, 31)


def test_a_bin_with_goods_keeps_its_kind(site: Site) -> None:
    batch = upload("bins", "warehouse,code,kind\nNORTH,A-1,quarantine\nWEST,A-1,shelf\n")

    assert problems(batch) == {
        2: [["kind", "Goods lie in this bin: empty it before you change what it is."]],
        3: [["warehouse", "There is no warehouse WEST."]],
    }


# --- Suppliers and prices ---------------------------------------------------------------------


def test_suppliers_and_their_prices_are_imported_and_undone(site: Site) -> None:
    take_in("suppliers", "supplier,supplier name,lead time (days)\nACME,Acme,21\n")
    batch = take_in("supplier_prices", "vendor,sku,price,moq,preferred\nacme,lamp,4.25,10,yes\n")

    price = SupplierProduct.objects.get()
    assert (price.supplier.lead_time_days, str(price.price)) == (21, "4.2500")
    assert (price.product_id, price.min_quantity, price.is_preferred) == (site.lamp.pk, 10, True)
    undo(batch)
    assert not SupplierProduct.objects.exists()


def test_one_supplier_is_preferred_for_a_product(site: Site) -> None:
    for code in ("ACME", "BOLT"):
        Supplier.objects.create(code=code, title=code)
    take_in("supplier_prices", "supplier,sku,preferred\nACME,LAMP,yes\n")

    batch = upload("supplier_prices", "supplier,sku,preferred\nBOLT,LAMP,yes\nCURT,MILK,no\n")

    assert problems(batch) == {
        2: [["is_preferred", "Supplier acme is preferred for lamp already."]],
        3: [["supplier", "There is no supplier CURT."]],
    }


# --- Long files -------------------------------------------------------------------------------


def long_file(rows: int) -> str:
    return "sku,name,cost,barcodes\n" + "".join(f"P-{n},Part {n},1.5,{n}\n" for n in range(rows))


def test_a_long_file_goes_through_background_jobs(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_batches, "INLINE_ROWS", 3)
    from oms.core.progress import run_job

    batch = upload("products", long_file(5))
    assert batch.status == "uploaded"
    with pytest.raises(Refusal):
        start_import(batch_id=batch.pk, actor=PICKER)
    run_job(batch.job_id)
    batch = start_import(batch_id=batch.pk, actor=PICKER)
    assert batch.status == "checked"
    with pytest.raises(Refusal, match="worked on already"):
        start_import(batch_id=batch.pk, actor=PICKER)
    run_job(batch.job_id)
    assert Product.objects.count() == 5
    Product.objects.filter(sku="P-3").update(name="Touched")
    batch = start_undo(batch_id=batch.pk, actor=PICKER)
    run_job(batch.job_id)

    job = ImportBatch.objects.select_related("job").get().job
    assert (job.status, [each["place"] for each in job.failures]) == ("failed", ["row 5"])
    assert ImportBatch.objects.get().status == "imported"
    assert Product.objects.count() == 5


def statements_of(rows: int) -> list[int]:
    counts = []
    with CaptureQueriesContext(connection) as queries:
        batch = upload("products", long_file(rows))
        counts.append(len(queries))
        start_import(batch_id=batch.pk, actor=PICKER)
        counts.append(len(queries))
        undo(batch)
        counts.append(len(queries))
    return counts


def test_four_times_the_rows_of_a_chunk_cost_no_more_statements(site: Site) -> None:
    assert statements_of(20) == statements_of(90)


# --- Pages ------------------------------------------------------------------------------------


@pytest.fixture
def manager(site: Site) -> Client:
    return browser_of(make_person("manager"))


def post_file(client: Client, text: str, kind: str = "products") -> Any:
    page = "/admin/imports/new/"
    file = SimpleUploadedFile("parts.csv", text.encode())
    return client.post(page, {"kind": kind, "file": file, "form_key": key_on(client, page)})


def test_a_manager_looks_imports_and_undoes_on_the_page(manager: Client) -> None:
    answer = post_file(manager, PRODUCTS + "BAD;Bad;cheap;\n")
    page = answer["Location"]
    shown = manager.get(page).content.decode()
    assert "<del>Lamp</del> → <b>Desk lamp</b>" in shown
    assert "cheap is no number" in shown
    assert "Import 2 rows" in shown
    errors = b"".join(manager.get(f"{page}errors.csv")).decode()
    assert "BAD,Bad,cheap,,cheap is no number; write it like 1234.50." in errors

    manager.post(f"{page}import/", {"form_key": key_on(manager, page)})
    assert Product.objects.get(sku="LAMP").name == "Desk lamp"
    assert "Undo this import" in manager.get(page).content.decode()
    Product.objects.filter(sku="LAMP").update(name="Reading lamp")
    refused = manager.post(f"{page}undo/", {"form_key": key_on(manager, page)})
    assert refused.status_code == 409
    assert "LAMP was changed since" in refused.content.decode()
    Product.objects.filter(sku="LAMP").update(name="Desk lamp")
    manager.post(f"{page}undo/", {"form_key": key_on(manager, page)})

    assert Product.objects.get(sku="LAMP").name == "Lamp"
    assert "parts.csv" in manager.get("/admin/imports/").content.decode()


def test_a_file_that_is_no_table_is_refused_beside_its_field(manager: Client) -> None:
    answer = post_file(manager, "name\nLamp\n")

    assert answer.status_code == 422
    assert "no column SKU" in answer.content.decode()
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_tables_are_exported_in_both_formats(manager: Client, form: str) -> None:
    answer = manager.get(f"/admin/imports/export/products.{form}")

    assert answer.status_code == 200
    assert f"products.{form}" in answer["Content-Disposition"]


def test_people_without_the_right_see_no_imports(site: Site) -> None:
    picker = browser_of(make_person("warehouse"))
    batch = upload("products", PRODUCTS)

    got = {
        picker.get(path).status_code
        for path in (
            "/admin/imports/", "/admin/imports/new/", f"/admin/imports/{batch.number}/",
            "/admin/imports/export/products.csv",
        )
    }  # fmt: skip

    assert got == {403}


def test_a_kind_asks_for_its_own_right(site: Site) -> None:
    person = make_person("manager")
    person.groups.clear()
    from tests.people import allow

    allow(person, "core.view_importbatch")
    batch = upload("products", PRODUCTS)

    client = browser_of(person)

    assert client.get(f"/admin/imports/{batch.number}/").status_code == 404
    assert client.get("/admin/imports/export/products.csv").status_code == 404
