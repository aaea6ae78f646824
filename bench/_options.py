"""What options of benchmarks may be."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable


def whole(least: int = 1) -> Callable[[str], int]:
    """The `type` of an option that is a whole number from `least`."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ArgumentTypeError(f"must be a whole number from {least}, not {text!r}")
        return int(text)

    return read
