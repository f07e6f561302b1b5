"""ABC classes: the few products that make most of the value that leaves are class A.

The products are ranked by the value that they shipped, at cost, the highest first. A product is of
class A while those ranked before it make less than 80 % of the total, of class B while they make less
than 95 %, else of class C; what shipped nothing is of class C. The cuts are the customary ones of
Pareto analysis (H. F. Dickie, "ABC Inventory Analysis Shoots for Dollars, not Pennies", 1951).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

A_PERCENT = 80
B_PERCENT = 95
DAYS = 365
"""How many days back shipped value counts."""


def classify(values: Mapping[K, Decimal]) -> dict[K, str]:
    """The class of each product by the value that it shipped; equal values keep their order."""
    total = sum((value for value in values.values() if value > 0), Decimal(0))
    before = Decimal(0)
    classes: dict[K, str] = {}
    for key, value in sorted(values.items(), key=lambda item: -item[1]):
        classes[key] = _class_after(before, total) if value > 0 else "C"
        before += max(value, Decimal(0))
    return classes


def _class_after(before: Decimal, total: Decimal) -> str:
    if before * 100 < total * A_PERCENT:
        return "A"
    return "B" if before * 100 < total * B_PERCENT else "C"
