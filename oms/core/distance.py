"""Distances on the globe. Plain Python, no tables."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

EARTH_RADIUS_KM = 6371.0088
"""The mean radius of the WGS 84 ellipsoid (IUGG)."""


class Position(NamedTuple):
    """A point in degrees, and how exactly it is known: exact, postcode, city or country."""

    latitude: float
    longitude: float
    precision: str = "exact"


def great_circle_km(a: Position, b: Position) -> float:
    """Kilometers from one point to the other as the crow flies (haversine)."""
    lat_a, lat_b = radians(a.latitude), radians(b.latitude)
    half_up = sin((lat_b - lat_a) / 2)
    half_across = sin(radians(b.longitude - a.longitude) / 2)
    chord = half_up * half_up + cos(lat_a) * cos(lat_b) * half_across * half_across
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))
