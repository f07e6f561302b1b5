"""How postcodes and city names are folded, so that two spellings of one place are equal."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_UK_STYLE = frozenset({"GB", "GG", "IM", "JE"})
_UK_CODE = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?)[0-9][A-Z]{2}")
_LEADING_CHARACTERS = {"CA": 3, "IE": 3, "NL": 4, "PR": 5, "US": 5}
_WITHOUT_BASE_LETTER = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"}
)


class PlaceKey(NamedTuple):
    """What is known of a place, folded: see `place_key`."""

    country: str
    postcode: str = ""
    city: str = ""


def place_key(*, country: str, postcode: str = "", city: str = "") -> PlaceKey:
    """The key under which `locate_all` finds a place."""
    country = country.strip().upper()
    return PlaceKey(country, fold_postcode(country, postcode), fold_city(city))


def fold_postcode(country: str, postcode: str) -> str:
    """The part of a postcode that says where: ``sw1a 1aa`` → ``SW1A``, ``L-1009`` → ``1009``.

    Letters and digits alone, in capitals. British and Canadian codes and Irish ones are cut to
    their outward part, American ones to five digits.
    """
    text = postcode.upper().partition("CEDEX")[0]
    code = re.sub(r"[^0-9A-Z]", "", text)
    if country in _UK_STYLE:
        full = _UK_CODE.fullmatch(code)
        return full[1] if full else code
    if country in {"LU", "LV"}:
        code = code.lstrip("LUV")
    return code[: _LEADING_CHARACTERS.get(country, 20)]


@lru_cache(maxsize=20_000)
def fold_city(name: str) -> str:
    """A city's name without case, accents and punctuation: ``Saint-Étienne`` → ``saint etienne``."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_WITHOUT_BASE_LETTER))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", letters))[:120]
