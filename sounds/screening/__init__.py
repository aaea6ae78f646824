"""Who answered a call, from its first seconds of sound; pure."""

from sounds.screening.beep import BeepListener
from sounds.screening.screen import Screen
from sounds.screening.verdict import FRAME_BYTES, FRAME_S, Frame, Heard, Verdict

__all__ = ["FRAME_BYTES", "FRAME_S", "BeepListener", "Frame", "Heard", "Screen", "Verdict"]
