"""Charts as plain numbers for a small SVG template; the table beside it says the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 780, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 772, 12, 194
_STEPS = (1, 2, 2.5, 5, 10)
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Tick:
    at: str
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class StepChart:
    """A value per day as a line of steps; ``level`` is a line across it (safety stock).

    ``bars`` are a second value per day on the same scale (demand).
    """

    line: str
    area: str
    rows: list[Tick]
    days: list[Tick]
    level: str
    first: int
    last: int
    lowest: int
    bars: list[Bar]


def step_chart(
    series: Sequence[tuple[date, int]], *, level: int = 0, bars: Sequence[int] = ()
) -> StepChart:
    """Draw the values of consecutive days; there must be two days at least."""
    values = [value for _day, value in series]
    step = _nice_step(max(*values, *bars, level, _TICKS) / _TICKS)
    top = step * _TICKS
    width = (RIGHT - LEFT) / len(series)

    def y(value: float) -> str:
        return f"{BOTTOM - (BOTTOM - TOP) * value / top:.1f}"

    line = f"M{LEFT} {y(values[0])}"
    for n, value in enumerate(values, start=1):
        line += f"V{y(value)}H{LEFT + n * width:.1f}"
    every = max(1, len(series) // 6)
    return StepChart(
        line=line,
        area=f"{line}V{BOTTOM}H{LEFT}Z",
        rows=[Tick(y(step * n), f"{step * n:,}") for n in range(_TICKS + 1)],
        days=[
            Tick(f"{LEFT + (n + 0.5) * width:.1f}", f"{series[n][0]:%m-%d}")
            for n in range(0, len(series), every)
        ],
        level=y(level) if level else "",
        first=values[0],
        last=values[-1],
        lowest=min(values),
        bars=[
            Bar(
                x=f"{LEFT + (n + 0.2) * width:.1f}",
                y=y(value),
                width=f"{width * 0.6:.1f}",
                height=f"{(BOTTOM - TOP) * value / top:.1f}",
            )
            for n, value in enumerate(bars)
            if value > 0
        ],
    )


def _nice_step(rough: float) -> int:
    """The next of 1, 2, 5 … times a power of ten."""
    power = 1
    while power * 10 < rough:
        power *= 10
    return next(
        int(power * each) for each in _STEPS if power * each >= rough and (power * each) % 1 == 0
    )
