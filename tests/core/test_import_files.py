"""Uploaded tables: CSV and XLSX read alike, and what is neither is refused with a sentence."""

from __future__ import annotations

import zipfile
from datetime import date
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook

from oms.core import import_files
from oms.core.cells import Choice, Clock, Day, Number, Real, Text, Whole, YesNo
from oms.core.import_files import UnreadableFile, read_table, write_xlsx
from oms.core.sheets import csv_lines, neutral


@pytest.mark.parametrize(
    "content",
    [
        b"sku,name\r\nLAMP,M\xc3\xbcller\r\n",
        b"\xef\xbb\xbfsku;name\nLAMP;M\xc3\xbcller\n\n",
        b"sku\tname\nLAMP\tM\xfcller",
        "sku,name\nLAMP,Müller".encode("utf-16"),
        write_xlsx("x", ["sku", "name"], [["LAMP", "Müller"]]),
    ],
    ids=["csv", "semicolons", "windows", "utf-16", "xlsx"],
)
def test_tables_are_read_however_they_were_saved(content: bytes) -> None:
    assert read_table(content) == [["sku", "name"], ["LAMP", "Müller"]]


def test_empty_rows_keep_the_numbers_of_those_behind_them() -> None:
    assert read_table(b"sku\nA\n\nB\n") == [["sku"], ["A"], [], ["B"]]


def test_numbers_and_days_of_a_workbook_become_plain_texts() -> None:
    book = Workbook()
    book.active.append(["a", "b", "c", "d", "e"])
    book.active.append([12.0, 12.5, date(2026, 11, 24), True, None])
    out = BytesIO()
    book.save(out)

    assert read_table(out.getvalue())[1] == ["12", "12.5", "2026-11-24", "yes"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "has to name the columns"),
        (b"sku,name\n", "no rows"),
        (b"\x89PNG\0\0", "neither CSV nor XLSX"),
        (b"PK\x03\x04 no archive", "cannot be read as XLSX"),
        (b'sku\n"open', "cannot be read as CSV"),
        (b"a" * (import_files.MAX_BYTES + 1), "larger than 10 MB"),
        (b"sku\n" + b"x" * 2_001, "more than 2,000 letters"),
        (b"," * 101 + b"x\nrow", "more than 100 columns"),
        (b"sku\nA" + b"," * 120 + b"x", "more than 100 columns"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence):
        read_table(content)


def test_a_text_that_a_workbook_repeats_counts_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_files, "MAX_LETTERS", 1_000)
    content = write_xlsx("x", ["sku"], [["A" * 500]] * 3)

    with pytest.raises(UnreadableFile, match="more than 1,000 letters"):
        read_table(content)


def test_an_archive_that_unpacks_to_a_giant_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_files, "MAX_UNPACKED", 10_000)
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "0" * 20_000)

    with pytest.raises(UnreadableFile, match="larger inside"):
        read_table(out.getvalue())


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_export_holds_a_formula_and_the_import_takes_the_apostrophe_back(text: str) -> None:
    assert neutral(text) == f"'{text}"

    csv = "".join(csv_lines(["sku", text], [["LAMP", text]])).encode()

    assert csv.decode("utf-8-sig").count("'") == 2
    assert read_table(csv) == [["sku", text], ["LAMP", text]]
    book = load_workbook(BytesIO(write_xlsx("x", ["sku"], [[text]])))
    assert book.active["A2"].data_type == "s"


@pytest.mark.parametrize(
    ("cell", "text", "shown"),
    [
        (Text(), "Lamp", "Lamp"),
        (Whole(), "1 200", "1200"),
        (Number(4), "12.5", "12.5000"),
        (Real(), "52.52", "52.52"),
        (YesNo(), "Y", "yes"),
        (YesNo(), "false", "no"),
        (Choice({"lot": "Lot number"}), "LOT NUMBER", "lot"),
        (Day(), "2026-11-24", "2026-11-24"),
        (Clock(), "9:30", "09:30"),
    ],
)
def test_a_cell_has_one_text_for_each_value(cell: object, text: str, shown: str) -> None:
    assert cell.show(cell.parse(text)) == shown  # type: ignore[attr-defined]
    assert cell.show(cell.parse(shown)) == shown  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Whole(), "1.5"),
        (Whole(), "-1"),
        (Whole(), "²"),
        (Whole(), "9" * 10),
        (Number(2), "cheap"),
        (Number(2), "1.234"),
        (Number(2), "NaN"),
        (Number(2), "1e20"),
        (Real(), "inf"),
        (Real(), "north"),
        (YesNo(), "perhaps"),
        (Choice({"lot": "Lot"}), "by feel"),
        (Day(), "11/24/2026"),
        (Clock(), "25:00"),
    ],
)
def test_what_a_cell_cannot_read_it_names(cell: object, text: str) -> None:
    with pytest.raises(ValueError, match=text[:8].replace(".", r"\.")):
        cell.parse(text)  # type: ignore[attr-defined]
