"""The cells of imported tables: text in, value out, and the one text that stands for a value.

Pure. ``parse`` raises ``ValueError`` with a sentence for the person who filled the table in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any, Protocol


class Cell(Protocol):
    """How a column reads a text and shows a value; an empty text is ``None``."""

    def parse(self, text: str) -> Any: ...

    def show(self, value: Any) -> str: ...


@dataclass(frozen=True, slots=True)
class Text:
    """Any text in one line."""

    def parse(self, text: str) -> str:
        return text

    def show(self, value: Any) -> str:
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, not negative."""

    def parse(self, text: str) -> int | None:
        if not text:
            return None
        plain = text.replace(" ", "").removesuffix(".0")
        if not plain.isascii() or not plain.isdigit() or len(plain) > 9:
            raise ValueError(f"{text} is no whole number.")
        return int(plain)

    def show(self, value: Any) -> str:
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number with a point, shown at ``places``; more places than that are refused."""

    places: int

    def parse(self, text: str) -> Decimal | None:
        if not text:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise ValueError(f"{text} is no number; write it like 1234.50.") from None
        if not value.is_finite() or abs(value) >= Decimal(10) ** 12:
            raise ValueError(f"{text} is no number that can be kept.")
        rounded = round(value, self.places)
        if rounded != value:
            raise ValueError(f"{text} has more than {self.places} decimal places.")
        return rounded

    def show(self, value: Any) -> str:
        return "" if value is None else f"{value:.{self.places}f}"


@dataclass(frozen=True, slots=True)
class Real:
    """A measured number, such as a coordinate, kept as it is written."""

    def parse(self, text: str) -> float | None:
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{text} is no number; write it like 52.52.") from None
        if not isfinite(value):
            raise ValueError(f"{text} is no number that can be kept.")
        return value

    def show(self, value: Any) -> str:
        return "" if value is None else repr(float(value))


_YES = {"yes", "y", "true", "1", "x"}
_NO = {"no", "n", "false", "0"}


@dataclass(frozen=True, slots=True)
class YesNo:
    def parse(self, text: str) -> bool | None:
        if not text:
            return None
        word = text.lower()
        if word not in _YES | _NO:
            raise ValueError(f"{text} is neither yes nor no.")
        return word in _YES

    def show(self, value: Any) -> str:
        return "" if value is None else "yes" if value else "no"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; ``words`` maps the value to its label, and both are understood."""

    words: Mapping[str, str] = field(default_factory=dict)

    def parse(self, text: str) -> str:
        asked = text.lower()
        for value, label in self.words.items():
            if asked in {value.lower(), label.lower()}:
                return value
        raise ValueError(f"{text} is none of {', '.join(self.words)}.")

    def show(self, value: Any) -> str:
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Day:
    """A day, year first: 2026-11-24."""

    def parse(self, text: str) -> date | None:
        if not text:
            return None
        try:
            return date.fromisoformat(text.removesuffix(" 00:00:00"))
        except ValueError:
            raise ValueError(f"{text} is no day; write it like 2026-11-24.") from None

    def show(self, value: Any) -> str:
        return "" if value is None else value.isoformat()


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day: 16:30."""

    def parse(self, text: str) -> time | None:
        if not text:
            return None
        try:
            return time.fromisoformat(text.zfill(5))
        except ValueError:
            raise ValueError(f"{text} is no time; write it like 16:30.") from None

    def show(self, value: Any) -> str:
        return "" if value is None else f"{value:%H:%M}"
