"""How reliable a warehouse is."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

WINDOW_DAYS = 90

_FULL = Decimal(100)
_STEP = Decimal("0.1")


def reliability(lines: int, rejected: int) -> Decimal:
    """Percent of a warehouse's lines that it did not reject, to one place; 100 while it had none.

    ``lines`` are the shipment lines given to it within the window, ``rejected`` those of them that
    it sent back for a reason that counts.

    :raises ValueError: more were rejected than it had.
    """
    if not 0 <= rejected <= lines:
        raise ValueError(f"{rejected} of {lines} lines cannot have been rejected.")
    if not lines:
        return _FULL.quantize(_STEP)
    return (_FULL * (lines - rejected) / lines).quantize(_STEP, ROUND_HALF_UP)
