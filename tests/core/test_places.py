import json
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from oms.core.addresses import Address
from oms.core.distance import Position, great_circle_km
from oms.core.models.place import Place
from oms.core.place_names import fold_city, fold_postcode
from oms.core.places import key_of, locate_all, place_key

DATA = Path(os.environ.get("OMS_TEST_DATA") or Path(__file__).parents[2] / "../shared/data")
POSTCODES = DATA / "geo_postcodes" / "postcodes.csv.xz"
needs_postcodes = pytest.mark.skipif(
    not POSTCODES.exists(), reason=f"the real postcode file is not there: {POSTCODES}"
)

GEONAMES = (
    "DE\t10115\tBerlin\tBerlin\tBE\t\t\t\t\t52.5323\t13.3846\t4\n"
    "DE\t10117\tBerlin\tBerlin\tBE\t\t\t\t\t52.5170\t13.3872\t4\n"
    "GB\tSW1A\tLondon\tEngland\tENG\t\t\t\t\t51.5010\t-0.1416\t4\n"
    "GB\tSW1A\tWestminster\tEngland\tENG\t\t\t\t\t51.5030\t-0.1216\t4\n"
)


@pytest.fixture
def geonames(tmp_path: Path) -> Path:
    path = tmp_path / "allCountries.txt"
    path.write_text(GEONAMES, encoding="utf-8")
    return path


def rows() -> list[tuple[Any, ...]]:
    columns = ("country", "postcode", "city", "latitude", "longitude")
    return list(Place.objects.order_by("country", "postcode", "city").values_list(*columns))


@pytest.mark.parametrize(
    ("country", "written", "folded"),
    [
        ("GB", "sw1a 1aa", "SW1A"),
        ("GB", "EH11AB", "EH1"),
        ("GB", "EH1", "EH1"),
        ("JE", "JE2 3AB", "JE2"),
        ("IE", "D02 X285", "D02"),
        ("CA", "m5v-2t6", "M5V"),
        ("US", "02108-1234", "02108"),
        ("US", "00501", "00501"),
        ("NL", "1012 AB", "1012"),
        ("LU", "L-1009", "1009"),
        ("LV", "LV-1010", "1010"),
        ("SE", "111 20", "11120"),
        ("RE", "97400 CEDEX 9", "97400"),
        ("DE", "", ""),
    ],
)
def test_a_postcode_is_folded_to_the_part_that_says_where(
    country: str, written: str, folded: str
) -> None:
    assert fold_postcode(country, written) == folded


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("München", "munchen"),
        ("Saint-Étienne", "saint etienne"),
        ("  ST. ALBANS ", "st albans"),
        ("Łódź", "lodz"),
        ("Århus", "arhus"),
        ("東京", "東京"),
    ],
)
def test_a_city_is_folded_to_plain_letters(written: str, folded: str) -> None:
    assert fold_city(written) == folded


def test_the_distance_to_the_other_side_is_half_the_way_around() -> None:
    assert great_circle_km(Position(0, 0), Position(0, 180)) == pytest.approx(20015.1148, abs=1e-3)
    assert great_circle_km(Position(52.5, 13.4), Position(52.5, 13.4)) == 0


def test_reference_distances_come_out_to_ten_meters() -> None:
    truth = DATA / "geo_postcodes" / "truth.json"
    if not truth.exists():
        pytest.skip(f"the reference distances are not there: {truth}")

    for pair in json.loads(truth.read_text())["pairs"]:
        km = great_circle_km(Position(*pair["a_latlon"]), Position(*pair["b_latlon"]))

        assert km == pytest.approx(pair["km"], abs=0.01)


@pytest.mark.django_db
def test_bundled_cities_load_once() -> None:
    call_command("load_places", verbosity=0)
    loaded = rows()

    call_command("load_places", verbosity=0)

    assert rows() == loaded
    assert len(loaded) > 20_000
    assert all(-90 <= row[3] <= 90 for row in loaded)


@pytest.mark.django_db
def test_a_place_is_found_by_city_and_by_country(django_assert_num_queries: Any) -> None:
    call_command("load_places", verbosity=0)
    munich = key_of(Address(city="MÜNCHEN", postcode="80331", country="DE"))
    nowhere = key_of(Address(city="Kleinkleckersdorf", country="DE"))
    unknown = key_of(Address(city="Berlin", country_label="European Community"))

    with django_assert_num_queries(1):
        found = locate_all([munich, nowhere, unknown, munich])

    assert found == {
        munich: Position(48.137, 11.575, "city"),
        nowhere: Position(found[nowhere].latitude, found[nowhere].longitude, "country"),
    }
    assert great_circle_km(found[nowhere], Position(51.16, 10.45)) < 150


@pytest.mark.django_db
def test_of_two_cities_with_one_name_the_larger_counts() -> None:
    call_command("load_places", verbosity=0)

    birmingham = place_key(country="US", city="Birmingham")

    assert great_circle_km(locate_all([birmingham])[birmingham], Position(33.52, -86.80)) < 5


@pytest.mark.django_db
def test_nobody_asked_means_no_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert locate_all([place_key(country="", city="Berlin")]) == {}


@pytest.mark.django_db
def test_a_geonames_file_is_imported_and_names_of_one_code_are_averaged(geonames: Path) -> None:
    call_command("import_postcodes", geonames)

    assert rows() == [
        ("DE", "10115", "berlin", 52.5323, 13.3846),
        ("DE", "10117", "berlin", 52.517, 13.3872),
        ("GB", "SW1A", "london", 51.502, -0.1316),
    ]


@pytest.mark.django_db
def test_importing_twice_changes_nothing(geonames: Path, capsys: Any) -> None:
    call_command("import_postcodes", geonames)
    before = list(Place.objects.order_by("pk").values())

    call_command("import_postcodes", geonames)

    assert list(Place.objects.order_by("pk").values()) == before
    assert "0 postcodes are new or changed" in capsys.readouterr().err


@pytest.mark.django_db
def test_a_corrected_file_moves_a_postcode(geonames: Path) -> None:
    call_command("import_postcodes", geonames)
    geonames.write_text(GEONAMES.replace("52.5323", "52.6"), encoding="utf-8")

    call_command("import_postcodes", geonames)

    assert Place.objects.get(postcode="10115").latitude == 52.6
    assert Place.objects.count() == 3


@pytest.mark.django_db
def test_a_dry_run_says_what_it_would_do_and_does_nothing(geonames: Path, capsys: Any) -> None:
    call_command("import_postcodes", geonames, dry_run=True)

    assert not Place.objects.exists()
    assert "3 postcodes would be new or changed" in capsys.readouterr().err


def _zip(folder: Path) -> Path:
    path = folder / "DE.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "license")
        archive.writestr("DE.txt", GEONAMES)
    return path


def _csv_xz(folder: Path) -> Path:
    path = folder / "postcodes.csv.xz"
    text = "country,postcode,lat,lon,place,region_code,places,spread_km\n"
    text += (
        'DE,10115,52.5323,13.3846,"Berlin, Mitte",BE,1,0.0\nDE,10117,52.517,13.3872,Berlin,BE,1,0\n'
    )
    path.write_bytes(lzma.compress((text + "GB,SW1A,51.502,-0.1316,London,ENG,2,0\n").encode()))
    return path


@pytest.mark.django_db
@pytest.mark.parametrize("make", [_zip, _csv_xz])
def test_packed_files_and_csv_are_read_too(make: Callable[[Path], Path], tmp_path: Path) -> None:
    call_command("import_postcodes", make(tmp_path))

    assert list(
        Place.objects.order_by("country", "postcode").values_list("postcode", "latitude")
    ) == [
        ("10115", 52.5323),
        ("10117", 52.517),
        ("SW1A", 51.502),
    ]


@pytest.mark.django_db
def test_bad_lines_are_named_and_the_rest_is_imported(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "bad.txt"
    good = b"DE\t10115\tBerlin\t\t\t\t\t\t\t52.5\t13.4\t4\n"
    path.write_bytes(
        good
        + good.replace(b"52.5", b"north")
        + good.replace(b"13.4", b"190")
        + good.replace(b"DE", b"Germany")
        + good.replace(b"10115", b"")
        + good.replace(b"Berlin", b"M\xfcnchen")
        + good.replace(b"Berlin", b"x" * 200_000)
        + good.replace(b"Berlin", b"Ber\0lin")
        + b"one\ttwo\n"
        + b"\n"
        + good.replace(b"52.5", b"nan")
        + good.replace(b"10115", b"10117")
    )

    with pytest.raises(CommandError, match="9 lines were left out"):
        call_command("import_postcodes", path)

    assert list(Place.objects.order_by("postcode").values_list("postcode", flat=True)) == [
        "10115",
        "10117",
    ]
    assert capsys.readouterr().err.splitlines()[:9] == [
        "Line 2: 'north' is not a number of degrees.",
        "Line 3: 190 is not between -180 and 180 degrees.",
        "Line 4: 'Germany' is not a country code.",
        "Line 5: '' is not a postcode.",
        "Line 6: byte 11 is not UTF-8.",
        "Line 7: the line is longer than 65,536 bytes.",
        "Line 8: the name holds a NUL character.",
        "Line 9: 2 columns instead of 12.",
        "Line 11: nan is not between -90 and 90 degrees.",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.txt", b"", "is empty"),
        ("orders.csv", b"InvoiceNo,StockCode\n1,2\n", "is neither a GeoNames postal file"),
        ("broken.zip", b"PK not really", "cannot be read"),
        ("broken.xz", b"\xfd7zXZ\x00 not really", "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_refused(
    name: str, content: bytes, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(CommandError, match=sentence):
        call_command("import_postcodes", tmp_path / name)

    assert not Place.objects.exists()


@pytest.mark.django_db
def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        call_command("import_postcodes", tmp_path / "none.txt")


@pytest.mark.django_db
def test_the_table_takes_no_folded_nonsense() -> None:
    for wrong in ({"postcode": "sw1a"}, {"country": "gb"}, {"latitude": 91.0}):
        good: dict[str, Any] = {
            "country": "GB",
            "postcode": "M1",
            "latitude": 0.0,
            "longitude": 0.0,
        }
        with pytest.raises(IntegrityError), transaction.atomic():
            Place.objects.create(**(good | wrong))


@needs_postcodes
@pytest.mark.django_db
def test_the_real_postcode_file_gives_the_reference_distances() -> None:
    call_command("import_postcodes", POSTCODES)
    pairs = json.loads((POSTCODES.parent / "truth.json").read_text())["pairs"]

    keys = {code: place_key(country=code[0], postcode=code[1]) for code in _codes(pairs)}
    found = locate_all(keys.values())

    for pair in pairs:
        a, b = (found[keys[pair[side][0], pair[side][1]]] for side in "ab")
        assert great_circle_km(a, b) == pytest.approx(pair["km"], abs=0.02)
    assert Place.objects.count() > 200_000
    _nearest_codes_stand_in_for_missing_ones()


def _codes(pairs: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(pair[side][0], pair[side][1]) for pair in pairs for side in "ab"]


def _nearest_codes_stand_in_for_missing_ones() -> None:
    westminster = place_key(country="GB", postcode="SW1A 2AA")
    berlin = place_key(country="DE", postcode="10116")
    wrong = place_key(country="DE", postcode="XXXXX", city="Berlin")

    found = locate_all([westminster, berlin, wrong])

    assert found[westminster].precision == "postcode"
    assert great_circle_km(found[berlin], Position(52.53, 13.38)) < 5
    assert wrong not in found
