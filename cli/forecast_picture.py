"""A forecast as a picture: occupancy and abandonment against the team's size, SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from math import ceil
from typing import Any

from jinja2 import Environment, StrictUndefined

LEFT, WIDTH = 70.0, 550.0
TOPS = (70.0, 340.0)
HEIGHT = 200.0
COLOURS = ("#1b6ca8", "#c8641b", "#4d8b31", "#7b4fa3")


@dataclass(frozen=True, slots=True)
class _Point:
    x: float
    y: float
    label: str
    label_y: float


@dataclass(frozen=True, slots=True)
class _Curve:
    name: str
    colour: str
    points: list[_Point]

    @property
    def path(self) -> str:
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)


@dataclass(frozen=True, slots=True)
class _Panel:
    title: str
    top: float
    ticks: list[tuple[float, str]]
    """Height of a line across, and what it means."""
    curves: list[_Curve]
    target: float | None
    """Height of the target's line."""


def picture(title: str, rows: Sequence[Mapping[str, Any]], target: float, asked: int) -> str:
    """The rows of `rows_of` as an SVG document; `asked` is the size that is marked."""
    sizes = sorted({row["agents"] for row in rows})
    abandonment = max(target, *(row["abandonment"] for row in rows))
    steps = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
    step = next((step for step in steps if abandonment * 1.1 <= 5 * step), 0.25)
    top = step * ceil(abandonment * 1.1 / step)
    panels = [
        _panel("Occupancy", TOPS[0], rows, "occupancy", 1.0, 0.2, 0, 1, None),
        _panel("Abandonment", TOPS[1], rows, "abandonment", top, step, 1, 2, target),
    ]
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = resources.files("cli").joinpath("templates/forecast.svg.j2").read_text("utf-8")
    return environment.from_string(template).render(
        title=title,
        panels=panels,
        sizes=[(_x(size, sizes), size, size == asked) for size in sizes],
        left=LEFT,
        right=LEFT + WIDTH,
        height=HEIGHT,
        target=f"target {100 * target:.3g} %",
    )


def _x(size: int, sizes: Sequence[int]) -> float:
    low, high = sizes[0], sizes[-1]
    inner = WIDTH - 100
    return LEFT + 50 + (inner / 2 if low == high else inner * (size - low) / (high - low))


def _panel(
    title: str,
    top: float,
    rows: Sequence[Mapping[str, Any]],
    key: str,
    most: float,
    step: float,
    tick_digits: int,
    digits: int,
    target: float | None,
) -> _Panel:
    """One figure from 0 to `most`, with a line at each `step`."""
    sizes = sorted({row["agents"] for row in rows})

    def y(value: float) -> float:
        return top + HEIGHT * (1 - value / most)

    curves = []
    for index, name in enumerate(dict.fromkeys(row["pacer"] for row in rows)):
        mine = {row["agents"]: row[key] for row in rows if row["pacer"] == name}
        points = []
        for size, value in mine.items():
            highest = all(value >= row[key] for row in rows if row["agents"] == size)
            above = highest or y(value) + 24 > top + HEIGHT
            label_y = y(value) + (-9 if above else 18)
            points.append(_Point(_x(size, sizes), y(value), f"{100 * value:.{digits}f} %", label_y))
        curves.append(_Curve(name, COLOURS[index % len(COLOURS)], points))
    ticks = [(y(n * step), f"{100 * n * step:.{tick_digits}f} %") for n in range(round(most / step) + 1)]
    return _Panel(title, top, ticks, curves, None if target is None else y(target))
