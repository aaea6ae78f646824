"""What a screen says of a call, and what it noted frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

RATE = 8000
"""Samples a second."""

FRAME_S = 0.02
FRAME_BYTES = 320
"""20 ms of 16-bit signed little-endian samples."""


SILENT = -100.0
"""dBov: the level of digital silence, for want of minus infinity."""


class Heard(StrEnum):
    PERSON = "person"
    MACHINE = "machine"
    FAX = "fax"
    SILENCE = "silence"
    BUSY = "busy"
    SIT = "sit"
    RINGBACK = "ringback"


@dataclass(frozen=True, slots=True)
class Frame:
    """What 20 ms were found to be."""

    level: float
    """dBov: 0 is a full-scale square wave, -100 stands for digital silence."""
    voice: bool
    tone: str
    """The tone's name (`425`, `480+620`: Hz), or nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    heard: Heard
    confidence: float
    """From 0 to 1."""
    frame: int
    """The index, from 0, of the frame that decided; -1 where there was none."""
    why: str
    quiet: float | None = None
    """Seconds of quiet just before the decision: so long ago the greeting ended. None: nobody knows when."""

    @property
    def seconds(self) -> float:
        """From the first sound pushed to the decision."""
        return (self.frame + 1) * FRAME_S
