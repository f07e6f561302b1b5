"""Rate tables come in and go out as one flat table."""

from decimal import Decimal

import pytest

from fulfillment.models import Carrier, CarrierService, RateStep, RateZone
from fulfillment.rating import Price, load, place, price
from fulfillment.selectors.offers import load_services
from oms.core.import_batches import receive_file, start_import, start_undo
from oms.core.imports import importer_named
from oms.core.models import ImportBatch
from tests.factories import DESK, make_warehouse
from tests.fulfillment.rates import make_service

pytestmark = pytest.mark.django_db
HEAD = "service;zone;origin;country;postcode_prefix;transit_days;up_to_kg;up_to_liters;amount\n"
TABLE = (
    HEAD
    + "post/parcel;Home;;DE;;1;5;;4.90\n"
    + "post/parcel;Home;;DE;;1;31.5;40;9.90\n"
    + "post/parcel;Island;BER;DE;2749;4;31.5;;19\n"
)


def upload(text: str) -> ImportBatch:
    return receive_file(
        kind="freight_rates", file_name="rates.csv", content=text.encode(), actor=DESK
    )


def take_in(text: str) -> ImportBatch:
    batch = upload(text)
    assert problems(batch) == {}
    return start_import(batch_id=batch.pk, actor=DESK)


def problems(batch: ImportBatch) -> dict[int, list[list[str]]]:
    rows = batch.rows.filter(outcome="error").order_by("row_number")
    return {row.row_number: row.problems for row in rows}


def steps() -> list[tuple[str, str, int, Decimal, Decimal]]:
    found = RateStep.objects.order_by("zone__title", "up_to_kg")
    fields = ("zone__title", "zone__origin__code", "zone__transit_days", "up_to_kg", "amount")
    return [tuple(row) for row in found.values_list(*fields)]  # type: ignore[misc]


@pytest.fixture
def parcel() -> CarrierService:
    """A service without rates, and the warehouse BER."""
    make_warehouse("BER")
    return make_service(to=[])


@pytest.mark.usefixtures("parcel")
def test_a_table_makes_zones_and_steps_that_offers_follow() -> None:
    take_in(TABLE)

    assert steps() == [
        ("Home", None, 1, Decimal(5), Decimal("4.90")),
        ("Home", None, 1, Decimal("31.5"), Decimal("9.90")),
        ("Island", "BER", 4, Decimal("31.5"), Decimal(19)),
    ]
    (service,) = load_services()
    asked = price(service, 1, place("DE", "10115"), load(3))
    assert isinstance(asked, Price)
    assert asked.total == Decimal("4.90")


@pytest.mark.usefixtures("parcel")
def test_the_export_is_a_file_that_changes_nothing() -> None:
    take_in(TABLE)
    importer = importer_named("freight_rates")
    names = [column.name for column in importer.columns]
    rows = [";".join(values[name] for name in names) for values in importer.export()]

    batch = upload(HEAD + "\n".join(rows))

    assert len(rows) == 3
    assert set(batch.rows.values_list("outcome", flat=True)) == {"unchanged"}


@pytest.mark.usefixtures("parcel")
def test_an_import_can_be_undone_to_the_rates_before() -> None:
    take_in(TABLE)
    before = steps()

    batch = take_in(
        HEAD + "post/parcel;Home;;de;;2;5;;5.20\n" + "post/parcel;Abroad;;FR;;3;5;;8.00\n"
    )
    assert ("Home", None, 2, Decimal(5), Decimal("5.20")) in steps()
    assert RateZone.objects.filter(country="FR").exists()
    start_undo(batch_id=batch.pk, actor=DESK)

    assert steps() == before
    assert not RateZone.objects.filter(country="FR").exists()


@pytest.mark.usefixtures("parcel")
def test_rows_that_cannot_be_rates_are_named_and_nothing_is_written() -> None:
    batch = upload(
        HEAD
        + "post/pallet;Home;;DE;;1;5;;4.90\n"
        + "post/parcel;Home;MUC;DE;;1;5;;4.90\n"
        + "post/parcel;Home;;XX;;1;5;;4.90\n"
        + "post/parcel;Home;;AT;;1;0;;4.90\n"
        + "post/parcel;Home;;AT;;1;5;0;4.90\n"
        + "post/parcel;Home;;AT;;1;6;;-1\n"
        + "post/parcel;Home;;NL;;1;5;;4.90\n"
        + "post/parcel;Home;;NL;;2;10;;5.90\n"
    )

    assert problems(batch) == {
        2: [["service", "There is no service post/pallet: write carrier/service."]],
        3: [["origin", "There is no warehouse MUC."]],
        4: [["country", "XX is no country code such as DE."]],
        5: [["up_to_kg", "A step ends above 0 kg."]],
        6: [["up_to_liters", "A step ends above 0 liters."]],
        7: [["amount", "A rate is not below 0."]],
        9: [["transit_days", "Row 8 says otherwise of this zone."]],
    }
    assert not RateStep.objects.exists()


def test_services_of_two_carriers_with_one_code_are_told_apart(parcel: CarrierService) -> None:
    other = Carrier.objects.create(code="rail", title="Rail")
    CarrierService.objects.create(carrier=other, code="parcel", title="Parcel")

    take_in(HEAD + "rail/parcel;Home;;DE;;1;5;;3.00\n")

    assert RateZone.objects.get().service.carrier == other
    assert not parcel.zones.exists()
