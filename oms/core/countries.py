"""Countries and territories by ISO 3166-1 code, and what people write instead of their names.

Codes: ISO 3166-1, with XK, which is not in it but is shipped to. Names: as used in English.
"""

import csv
from pathlib import Path

from oms.core.place_names import fold_city

_BY_LABEL: dict[str, str] = {}

COUNTRIES: list[tuple[str, str]] = []
"""Code and name, the shape of Django's ``choices``."""

with (Path(__file__).with_name("data") / "countries.csv").open(encoding="utf-8") as _file:
    for _row in csv.DictReader(_file):
        COUNTRIES.append((_row["code"], _row["name"]))
        for _label in (_row["code"], _row["alpha3"], _row["name"], *_row["also"].split("|")):
            _BY_LABEL[fold_city(_label)] = _row["code"]
_BY_LABEL.pop("", None)

COUNTRY_NAMES = dict(COUNTRIES)


def country_code(label: str) -> str | None:
    """The code for a country as people and channels write it, or None where it names no single one.

    ``EIRE`` is IE and ``RSA`` is ZA; ``Channel Islands``, ``European Community`` and ``Unspecified``
    are no countries: keep the label.
    """
    return _BY_LABEL.get(fold_city(label))
