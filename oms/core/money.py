"""Money is `Decimal`: amounts stand at the currency's exponent, unit prices and costs at four places.

Currencies and their minor units: ISO 4217 "List One" (SIX Financial Information, maintenance agency).
Fund codes, metals and test codes are left out; no currency that is paid with has more than three places.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models

CURRENCIES: list[tuple[str, str]] = [
    ("AED", "UAE dirham"),
    ("AFN", "Afghani"),
    ("ALL", "Lek"),
    ("AMD", "Armenian dram"),
    ("AOA", "Kwanza"),
    ("ARS", "Argentine peso"),
    ("AUD", "Australian dollar"),
    ("AWG", "Aruban florin"),
    ("AZN", "Azerbaijan manat"),
    ("BAM", "Convertible mark"),
    ("BBD", "Barbados dollar"),
    ("BDT", "Taka"),
    ("BGN", "Bulgarian lev"),
    ("BHD", "Bahraini dinar"),
    ("BIF", "Burundi franc"),
    ("BMD", "Bermudian dollar"),
    ("BND", "Brunei dollar"),
    ("BOB", "Boliviano"),
    ("BRL", "Brazilian real"),
    ("BSD", "Bahamian dollar"),
    ("BTN", "Ngultrum"),
    ("BWP", "Pula"),
    ("BYN", "Belarusian ruble"),
    ("BZD", "Belize dollar"),
    ("CAD", "Canadian dollar"),
    ("CDF", "Congolese franc"),
    ("CHF", "Swiss franc"),
    ("CLP", "Chilean peso"),
    ("CNY", "Yuan renminbi"),
    ("COP", "Colombian peso"),
    ("CRC", "Costa Rican colon"),
    ("CUP", "Cuban peso"),
    ("CVE", "Cabo Verde escudo"),
    ("CZK", "Czech koruna"),
    ("DJF", "Djibouti franc"),
    ("DKK", "Danish krone"),
    ("DOP", "Dominican peso"),
    ("DZD", "Algerian dinar"),
    ("EGP", "Egyptian pound"),
    ("ERN", "Nakfa"),
    ("ETB", "Ethiopian birr"),
    ("EUR", "Euro"),
    ("FJD", "Fiji dollar"),
    ("FKP", "Falkland Islands pound"),
    ("GBP", "Pound sterling"),
    ("GEL", "Lari"),
    ("GHS", "Ghana cedi"),
    ("GIP", "Gibraltar pound"),
    ("GMD", "Dalasi"),
    ("GNF", "Guinean franc"),
    ("GTQ", "Quetzal"),
    ("GYD", "Guyana dollar"),
    ("HKD", "Hong Kong dollar"),
    ("HNL", "Lempira"),
    ("HTG", "Gourde"),
    ("HUF", "Forint"),
    ("IDR", "Rupiah"),
    ("ILS", "New Israeli sheqel"),
    ("INR", "Indian rupee"),
    ("IQD", "Iraqi dinar"),
    ("IRR", "Iranian rial"),
    ("ISK", "Iceland krona"),
    ("JMD", "Jamaican dollar"),
    ("JOD", "Jordanian dinar"),
    ("JPY", "Yen"),
    ("KES", "Kenyan shilling"),
    ("KGS", "Som"),  # codespell:ignore
    ("KHR", "Riel"),
    ("KMF", "Comorian franc"),
    ("KPW", "North Korean won"),
    ("KRW", "Won"),
    ("KWD", "Kuwaiti dinar"),
    ("KYD", "Cayman Islands dollar"),
    ("KZT", "Tenge"),
    ("LAK", "Lao kip"),
    ("LBP", "Lebanese pound"),
    ("LKR", "Sri Lanka rupee"),
    ("LRD", "Liberian dollar"),
    ("LSL", "Loti"),
    ("LYD", "Libyan dinar"),
    ("MAD", "Moroccan dirham"),
    ("MDL", "Moldovan leu"),
    ("MGA", "Malagasy ariary"),
    ("MKD", "Denar"),
    ("MMK", "Kyat"),
    ("MNT", "Tugrik"),
    ("MOP", "Pataca"),
    ("MRU", "Ouguiya"),
    ("MUR", "Mauritius rupee"),
    ("MVR", "Rufiyaa"),
    ("MWK", "Malawi kwacha"),
    ("MXN", "Mexican peso"),
    ("MYR", "Malaysian ringgit"),
    ("MZN", "Mozambique metical"),
    ("NAD", "Namibia dollar"),
    ("NGN", "Naira"),
    ("NIO", "Cordoba oro"),
    ("NOK", "Norwegian krone"),
    ("NPR", "Nepalese rupee"),
    ("NZD", "New Zealand dollar"),
    ("OMR", "Rial Omani"),
    ("PAB", "Balboa"),
    ("PEN", "Sol"),
    ("PGK", "Kina"),
    ("PHP", "Philippine peso"),
    ("PKR", "Pakistan rupee"),
    ("PLN", "Zloty"),
    ("PYG", "Guarani"),
    ("QAR", "Qatari rial"),
    ("RON", "Romanian leu"),
    ("RSD", "Serbian dinar"),
    ("RUB", "Russian ruble"),
    ("RWF", "Rwanda franc"),
    ("SAR", "Saudi riyal"),
    ("SBD", "Solomon Islands dollar"),
    ("SCR", "Seychelles rupee"),
    ("SDG", "Sudanese pound"),
    ("SEK", "Swedish krona"),
    ("SGD", "Singapore dollar"),
    ("SHP", "Saint Helena pound"),
    ("SLE", "Leone"),
    ("SOS", "Somali shilling"),
    ("SRD", "Surinam dollar"),
    ("SSP", "South Sudanese pound"),
    ("STN", "Dobra"),
    ("SVC", "El Salvador colon"),
    ("SYP", "Syrian pound"),
    ("SZL", "Lilangeni"),
    ("THB", "Baht"),
    ("TJS", "Somoni"),
    ("TMT", "Turkmenistan new manat"),
    ("TND", "Tunisian dinar"),
    ("TOP", "Pa'anga"),
    ("TRY", "Turkish lira"),
    ("TTD", "Trinidad and Tobago dollar"),
    ("TWD", "New Taiwan dollar"),
    ("TZS", "Tanzanian shilling"),
    ("UAH", "Hryvnia"),
    ("UGX", "Uganda shilling"),
    ("USD", "US dollar"),
    ("UYU", "Peso uruguayo"),
    ("UZS", "Uzbekistan sum"),
    ("VED", "Bolivar digital"),
    ("VES", "Bolivar soberano"),
    ("VND", "Dong"),
    ("VUV", "Vatu"),
    ("WST", "Tala"),
    ("XAF", "CFA franc BEAC"),
    ("XCD", "East Caribbean dollar"),
    ("XCG", "Caribbean guilder"),
    ("XOF", "CFA franc BCEAO"),
    ("XPF", "CFP franc"),
    ("YER", "Yemeni rial"),
    ("ZAR", "Rand"),  # codespell:ignore
    ("ZMW", "Zambian kwacha"),
    ("ZWG", "Zimbabwe gold"),
]

_WITHOUT_MINOR_UNIT = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_EXPONENTS = {
    code: 0 if code in _WITHOUT_MINOR_UNIT else 3 if code in _THOUSANDTHS else 2
    for code, _ in CURRENCIES
}
_QUANTA = {code: Decimal(1).scaleb(-places) for code, places in _EXPONENTS.items()}


class UnknownCurrency(ValueError):
    """The code is not a current ISO 4217 currency."""

    def __init__(self, currency: object) -> None:
        super().__init__(f"{currency!r} is not a currency code (three capital letters, like EUR).")


def exponent(currency: str) -> int:
    """Decimal places of the currency's amounts: JPY 0, EUR 2, KWD 3.

    :raises UnknownCurrency: for a code that is not listed.
    """
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def round_amount(value: Decimal, currency: str) -> Decimal:
    """Round to the currency's exponent, half away from zero.

    :raises UnknownCurrency: for a code that is not listed.
    :raises ValueError: for NaN and infinity.
    :raises TypeError: for anything but a Decimal: a float has lost its cents already.
    """
    if not isinstance(value, Decimal):
        raise TypeError(f"Money is Decimal, not {type(value).__name__}.")
    if not value.is_finite():
        raise ValueError(f"{value} is not an amount of money.")
    try:
        return value.quantize(_QUANTA[currency], rounding=ROUND_HALF_UP)
    except KeyError:
        raise UnknownCurrency(currency) from None


def line_amount(unit_price: Decimal, quantity: Decimal | int, currency: str) -> Decimal:
    """Price times quantity, rounded once, at the line."""
    return round_amount(unit_price * quantity, currency)


def apportion(total: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """Split `total` by weight so that the parts add up to it, to the last cent.

    Every part is its exact share rounded down to a minor unit; the units left over go one each to the
    parts that lost most, among equals to the last. So three equal parts of 10.00 are 3.33, 3.33, 3.34;
    no part is off by a whole unit, and none has another sign than the total. A weight of zero gets
    nothing, unless all are zero: then all count the same. A negative total is split like its opposite.

    :raises ValueError: for a negative weight, no weights, or a total finer than the currency.
    """
    if round_amount(total, currency) != total:
        raise ValueError(f"{total} is not an amount in {currency}: it has too many decimal places.")
    if not weights and total:
        raise ValueError(f"{total} {currency} cannot be split among no parts.")
    quantum = _QUANTA[currency]
    parts = _shares(int(abs(total) / quantum), _as_integers(weights))
    return [(quantum * part).copy_sign(total if part else Decimal(1)) for part in parts]


def _shares(units: int, weights: list[int]) -> list[int]:
    if not any(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    parts = [units * weight // whole for weight in weights]
    lost = [units * weight % whole for weight in weights]
    by_loss = sorted(range(len(parts)), key=lambda index: (lost[index], index), reverse=True)
    for index in by_loss[: units - sum(parts)]:
        parts[index] += 1
    return parts


def _as_integers(weights: Sequence[Decimal | int]) -> list[int]:
    exact = [Decimal(weight) for weight in weights]
    if any(not weight.is_finite() or weight < 0 for weight in exact):
        raise ValueError("A weight must be zero or more.")
    places = max((-int(weight.as_tuple().exponent) for weight in exact), default=0)
    return [int(weight.scaleb(max(places, 0))) for weight in exact]


if TYPE_CHECKING:
    _Set_contra = TypeVar("_Set_contra", contravariant=True)
    _Get_co = TypeVar("_Get_co", covariant=True)

    class AmountField(models.DecimalField[_Set_contra, _Get_co]): ...

    class PriceField(models.DecimalField[_Set_contra, _Get_co]): ...

else:
    # Django's fields take no type arguments at run time.
    class AmountField(models.DecimalField):
        """An amount at its currency's exponent; three places hold every currency."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{"max_digits": 14, "decimal_places": 3} | kwargs)

    class PriceField(models.DecimalField):
        """A unit price or unit cost."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{"max_digits": 14, "decimal_places": 4} | kwargs)
