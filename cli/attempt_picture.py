"""What the screen noted of a call, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from PIL import Image, ImageDraw, ImageFont

from sounds.evidence import spans
from sounds.screening import FRAME_S, Frame

LEFT, WIDTH, RIGHT = 80, 840, 40
TOP, HEIGHT = 90, 220
"""A panel's heading, and its curve of levels."""
BARS = 26
PANEL = TOP + HEIGHT + 3 * BARS + 40
LOWEST, HIGHEST = -60, 0
"""dBov: the level's scale."""
INK, GREY, GRID = "#222222", "#666666", "#dddddd"
LEVEL, VOICE, TONE, DECIDED = "#1b6ca8", "#4d8b31", "#7b4fa3", "#c8641b"

Drawn = tuple[str, str, list[Frame], int]
"""A verdict in a word, why in words, the trace, and the frame that decided."""


def picture(title: str, drawn: Sequence[Drawn]) -> Image.Image:
    """A panel for each verdict, one below the other: level, voice, tones, and where it was decided."""
    image = Image.new("RGB", (LEFT + WIDTH + RIGHT, 40 + PANEL * len(drawn)), "white")
    draw = ImageDraw.Draw(image)
    draw.text((LEFT, 14), title, INK, _font(20))
    for place, one in enumerate(drawn):
        _panel(draw, 40 + PANEL * place, *one)
    return image


def _panel(
    draw: ImageDraw.ImageDraw, above: int, title: str, why: str, trace: list[Frame], decided: int
) -> None:
    seconds = max(1.0, ceil(2 * len(trace) * FRAME_S) / 2)
    top, bottom = above + TOP, above + TOP + HEIGHT

    def x(frame: int) -> float:
        return LEFT + WIDTH * frame * FRAME_S / seconds

    def y(level: float) -> float:
        return top + HEIGHT * (HIGHEST - max(LOWEST, min(HIGHEST, level))) / (HIGHEST - LOWEST)

    draw.text((LEFT, above + 10), title, INK, _font(16))
    draw.text((LEFT, above + 34), why, GREY, _font(14))
    for level in range(LOWEST, HIGHEST + 1, 20):
        draw.line((LEFT, y(level), LEFT + WIDTH, y(level)), GRID)
        draw.text((LEFT - 8, y(level)), f"{level} dB", GREY, _font(13), anchor="rm")
    low = bottom + 3 * BARS
    for half in range(int(2 * seconds) + 1):
        at = LEFT + WIDTH * half / 2 / seconds
        draw.line((at, top, at, low), GRID)
        draw.text((at, low + 6), f"{half / 2:g} s", GREY, _font(13), anchor="ma")
    levels = [((x(at) + x(at + 1)) / 2, y(frame.level)) for at, frame in enumerate(trace)]
    if len(levels) > 1:
        draw.line(levels, LEVEL, 2, joint="curve")
    for name, bar in (("voice", 0), ("tone", 1)):
        draw.text((LEFT - 8, bottom + BARS * (bar + 1)), name, GREY, _font(13), anchor="rm")
    for what, first, end in spans(trace):
        middle, colour = (bottom + BARS, VOICE) if what == "voice" else (bottom + 2 * BARS, TONE)
        draw.rectangle((x(first), middle - 8, x(end), middle + 8), colour)
        if what != "voice" and x(end) - x(first) > 40:
            draw.text(((x(first) + x(end)) / 2, middle), what, "white", _font(12), anchor="mm")
    if 0 <= decided < len(trace):
        at = x(decided + 1)
        draw.line((at, top - 14, at, low), DECIDED, 3)
        side = "rs" if at > LEFT + WIDTH / 2 else "ls"
        draw.text(
            (at + (-6 if side == "rs" else 6), top - 4),
            f"decided at {(decided + 1) * FRAME_S:.2f} s",
            DECIDED,
            _font(14),
            anchor=side,
        )


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
