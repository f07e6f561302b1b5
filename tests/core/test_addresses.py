import dataclasses

import pytest
from django.core.exceptions import FieldDoesNotExist

from oms.core.addresses import (
    Address,
    AddressFields,
    Problem,
    check,
    country_code,
    format_lines,
)
from oms.core.countries import COUNTRIES

PORTLAND = Address(
    company="Juniper Bay Coffee Co.",
    street="Receiving dock 2\n418 Harbor Avenue",
    city="Portland",
    region="Oregon",
    postcode="97209",
    country="US",
)
BERLIN = Address(
    name="Receiving",
    company="Lindenhof Büro GmbH",
    street="Chausseestraße 12",
    city="Berlin",
    postcode="10115",
    country="DE",
)
LONDON = Address(
    company="Mill Lane Gifts Ltd",
    street="1 Horse Guards Road",
    city="London",
    region="Greater London",
    postcode="sw1a 2hq",
    country="GB",
)


def test_the_columns_are_the_fields_of_the_dataclass() -> None:
    assert [field.name for field in AddressFields._meta.fields] == [
        field.name for field in dataclasses.fields(Address)
    ]
    with pytest.raises(FieldDoesNotExist):
        AddressFields._meta.get_field("id")


def test_an_american_address_abbreviates_the_state() -> None:
    assert format_lines(PORTLAND, from_country="US") == [
        "Juniper Bay Coffee Co.",
        "Receiving dock 2",
        "418 Harbor Avenue",
        "PORTLAND, OR 97209",
    ]


def test_a_foreign_parcel_ends_with_the_country() -> None:
    assert format_lines(BERLIN, from_country="US") == [
        "Receiving",
        "Lindenhof Büro GmbH",
        "Chausseestraße 12",
        "10115 BERLIN",
        "GERMANY",
    ]


def test_a_british_address_has_the_post_town_and_the_code_in_capitals_without_the_county() -> None:
    assert format_lines(LONDON, from_country="GB") == [
        "Mill Lane Gifts Ltd",
        "1 Horse Guards Road",
        "LONDON",
        "SW1A 2HQ",
    ]


def test_a_japanese_address_keeps_its_order_in_its_own_script() -> None:
    own = Address(
        name="受付",
        street="丸の内1-2-3",
        city="千代田区",
        region="東京都",
        postcode="100-0005",
        country="JP",
    )
    latin = Address(
        name="Dock 4",
        street="1-2-3 Marunouchi",
        city="Chiyoda-ku",
        region="Tokyo",
        postcode="100-0005",
        country="JP",
    )

    assert format_lines(own, from_country="JP") == [
        "〒100-0005",
        "東京都",
        "丸の内1-2-3",
        "千代田区",
        "受付",
    ]
    assert format_lines(latin, from_country="DE") == [
        "Dock 4",
        "1-2-3 Marunouchi",
        "Chiyoda-ku, TOKYO",
        "100-0005",
        "JAPAN",
    ]


def test_a_prefix_of_the_country_is_not_doubled() -> None:
    zurich = Address(
        name="Dock", street="Seeweg 1", city="Zürich", postcode="CH-8001", country="CH"
    )

    assert format_lines(zurich, from_country="CH") == ["Dock", "Seeweg 1", "CH-8001 Zürich"]
    assert check(zurich) == []


def test_a_city_that_is_the_country_is_not_written_twice() -> None:
    singapore = Address(
        name="Dock", street="1 Quay Street", city="Singapore", postcode="018956", country="SG"
    )

    assert format_lines(singapore, from_country="GB") == [
        "Dock",
        "1 Quay Street",
        "SINGAPORE 018956",
        "SINGAPORE",
    ]


def test_missing_parts_leave_no_stray_punctuation() -> None:
    bare = Address(name="Dock", city="Portland", country="US")

    assert format_lines(bare, from_country="US") == ["Dock", "PORTLAND"]


def test_a_percent_sign_and_markup_stay_text() -> None:
    odd = dataclasses.replace(BERLIN, name="100%C <b>", street="%Z 5%n")

    assert format_lines(odd, from_country="DE")[0] == "100%C <b>"
    assert format_lines(odd, from_country="DE")[2] == "%Z 5%n"


def test_without_a_country_the_label_is_kept() -> None:
    jersey = Address(
        name="Harbor shop", street="3 Quay", city="St Helier", country_label="Channel Islands"
    )

    assert format_lines(jersey, from_country="GB") == [
        "Harbor shop",
        "3 Quay",
        "St Helier",
        "CHANNEL ISLANDS",
    ]


def test_a_good_address_has_no_problems() -> None:
    assert [check(address) for address in (PORTLAND, BERLIN, LONDON)] == [[], [], []]


def test_what_is_missing_is_said_in_sentences() -> None:
    assert check(Address(country="US")) == [
        Problem("name", "Say who it is for: a name or a company."),
        Problem("street", "The street is missing."),
        Problem("city", "The city is missing."),
        Problem("postcode", "Addresses in United States need a postcode."),
        Problem("region", "Addresses in United States need a state or province."),
    ]


def test_a_wrong_postcode_comes_with_an_example() -> None:
    wrong = dataclasses.replace(BERLIN, postcode="1011")

    assert check(wrong) == [
        Problem("postcode", "“1011” is not a postcode in Germany; they look like 26133.")
    ]


def test_an_unknown_state_is_named() -> None:
    wrong = dataclasses.replace(PORTLAND, region="Oregun")

    assert check(wrong) == [
        Problem("region", "“Oregun” is not a state or province of United States.")
    ]


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (Address(name="Dock"), "Choose a country."),
        (
            Address(name="Dock", country_label="European Community"),
            "“European Community” is not a country; choose one.",
        ),
        (Address(name="Dock", country="QQ"), "“QQ” is not a country; choose one."),
    ],
)
def test_an_address_without_a_country_asks_for_one(address: Address, sentence: str) -> None:
    assert check(address) == [Problem("country", sentence)]


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("EIRE", "IE"),
        ("RSA", "ZA"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("United Kingdom", "GB"),
        ("uk", "GB"),
        ("Czech Republic", "CZ"),
        ("Hong Kong", "HK"),
        ("Côte d’Ivoire", "CI"),
        ("turkey", "TR"),
        ("DEU", "DE"),
        ("  Germany ", "DE"),
        ("Channel Islands", None),
        ("European Community", None),
        ("Unspecified", None),
        ("", None),
    ],
)
def test_labels_become_codes_where_they_name_one_country(label: str, code: str | None) -> None:
    assert country_code(label) == code


def test_every_country_formats_and_checks() -> None:
    assert len(COUNTRIES) == 250
    for code, name in COUNTRIES:
        address = Address(name="Dock", street="1 Street", city="Town", country=code)

        assert country_code(name) == code
        assert format_lines(address, from_country="ZZ")[-1] == name.upper()
        assert isinstance(check(address), list)
