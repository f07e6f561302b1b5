"""Tracking numbers of our own carrier ``oms``: the parcel's key and a check digit."""

from __future__ import annotations

CARRIER = "oms"
SERVICE = "standard"


def tracking_number(parcel_id: int) -> str:
    """``OMS`` + ten digits + check digit (Luhn), so that a mistyped number is noticed."""
    digits = f"{parcel_id:010d}"
    return f"OMS{digits}{_check_digit(digits)}"


def is_tracking_number(text: str) -> bool:
    """Whether this is a number that ``tracking_number`` can have made."""
    digits = text[3:]
    if not (text.startswith("OMS") and len(digits) > 10 and digits.isascii() and digits.isdigit()):
        return False
    return _check_digit(digits[:-1]) == int(digits[-1])


def _check_digit(digits: str) -> int:
    total = 0
    for i, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 if i % 2 else 2)
        total += value - 9 if value > 9 else value
    return -total % 10
