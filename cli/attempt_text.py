"""What the screen noted of a call, drawn with characters."""

from __future__ import annotations

from math import ceil

from sounds.evidence import spans
from sounds.screening import FRAME_S, Frame

WIDTH = 75
"""Columns of the drawing, at most."""
ROWS = 4
LOWEST, HIGHEST = -60.0, 0.0
"""dBov: the level's scale."""
_BLOCKS = " ▁▂▃▄▅▆▇█"


def drawing(trace: list[Frame], decided: int) -> list[str]:
    """Level, voice, tones and the moment of decision over time, and when there were voice and tones."""
    if not trace:
        return ["no sound came"]
    step = ceil(len(trace) / WIDTH)
    parts = [trace[at : at + step] for at in range(0, len(trace), step)]
    heights = [_height(max(frame.level for frame in part)) for part in parts]
    lines = []
    for row in range(ROWS - 1, -1, -1):
        scale = f"{LOWEST + (row + 1) * (HIGHEST - LOWEST) / ROWS:4.0f} dB"
        lines.append(
            f"{scale:>9} |" + "".join(_BLOCKS[max(0, min(8, height - 8 * row))] for height in heights)
        )
    lines.append(f"{'voice':>9} |" + "".join("#" if any(f.voice for f in part) else " " for part in parts))
    lines.append(f"{'tone':>9} |" + "".join("~" if any(f.tone for f in part) else " " for part in parts))
    if 0 <= decided < len(trace):
        lines.append(f"{'decided':>9} |" + " " * (decided // step) + "^")
    lines.append(f"{'s':>9} |" + _axis(len(parts), step * FRAME_S))
    lines = [line.rstrip() for line in lines]
    told = [
        f"{what if what == 'voice' else f'{what} Hz'} {first * FRAME_S:.2f}-{end * FRAME_S:.2f}"
        for what, first, end in spans(trace)
    ]
    return [*lines, "", f"heard, s: {', '.join(told) or 'nothing but quiet or noise'}"]


def _height(level: float) -> int:
    """In eighths of a row, over all rows."""
    share = (level - LOWEST) / (HIGHEST - LOWEST)
    return round(8 * ROWS * max(0.0, min(1.0, share)))


def _axis(columns: int, seconds: float) -> str:
    """A number at each half second; `seconds` is a column's."""
    line = ""
    for half in range(ceil(2 * columns * seconds)):
        place = round(half / 2 / seconds)
        if len(line) <= place < columns:
            line = f"{line:<{place}}{half / 2:g}"
    return line
