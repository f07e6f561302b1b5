"""Where an address lies: by its postcode, else its city, else its country."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection

from oms.core.addresses import Address
from oms.core.distance import Position
from oms.core.place_names import PlaceKey, place_key

__all__ = ["PlaceKey", "key_of", "locate_all", "place_key"]


def key_of(address: Address) -> PlaceKey:
    """The key of an address."""
    return place_key(country=address.country, postcode=address.postcode, city=address.city)


# Codes that start alike lie together, so the code with the longest common start is one of the two
# neighbors in the index, and no scan is needed to find it.
_LOCATE = """
SELECT k.n,
       before.postcode, before.latitude, before.longitude,
       after.postcode, after.latitude, after.longitude,
       town.latitude, town.longitude, middle.latitude, middle.longitude
FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[]) AS k (n, country, postcode, city)
LEFT JOIN LATERAL (
    SELECT postcode, latitude, longitude FROM core_place
    WHERE country = k.country AND k.postcode <> '' AND postcode <= k.postcode COLLATE "C"
    ORDER BY postcode DESC LIMIT 1
) AS before ON true
LEFT JOIN LATERAL (
    SELECT postcode, latitude, longitude FROM core_place
    WHERE country = k.country AND k.postcode <> '' AND postcode > k.postcode COLLATE "C"
      AND before.postcode IS DISTINCT FROM k.postcode COLLATE "C"
    ORDER BY postcode LIMIT 1
) AS after ON true
LEFT JOIN core_place AS town
    ON town.country = k.country AND town.postcode IS NULL AND town.city = k.city AND k.city <> ''
LEFT JOIN core_place AS middle
    ON middle.country = k.country AND middle.postcode IS NULL AND middle.city = ''
"""


def locate_all(keys: Iterable[PlaceKey]) -> dict[PlaceKey, Position]:
    """Positions of many places with one query; a key of an unknown country is left out.

    A postcode that is not in the table stands where the code with the longest common start does, if
    at least half of it is the same; else the city counts, else the middle of the country.
    """
    wanted = [key for key in dict.fromkeys(keys) if key.country]
    if not wanted:
        return {}
    columns = [list(column) for column in zip(*wanted, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_LOCATE, [list(range(len(wanted))), *columns])
        found = {wanted[row[0]]: _best(wanted[row[0]], *row[1:]) for row in cursor.fetchall()}
    return {key: position for key, position in found.items() if position}


def _best(key: PlaceKey, *candidates: Any) -> Position | None:
    (before, *before_at), (after, *after_at) = candidates[:3], candidates[3:6]
    starts = [(_common_start(key.postcode, before), before_at)]
    starts.append((_common_start(key.postcode, after), after_at))
    length, at = max(starts, key=lambda start: start[0])
    if length and length * 2 >= len(key.postcode):
        return Position(at[0], at[1], "postcode")
    (town, middle) = candidates[6:8], candidates[8:10]
    if town[0] is not None:
        return Position(town[0], town[1], "city")
    return Position(middle[0], middle[1], "country") if middle[0] is not None else None


def _common_start(wanted: str, stored: str | None) -> int:
    length = 0
    for ours, theirs in zip(wanted, stored or "", strict=False):
        if ours != theirs:
            break
        length += 1
    return length
