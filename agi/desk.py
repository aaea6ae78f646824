"""What call scripts may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from config.models import Site
from store import Store


@dataclass(frozen=True, slots=True)
class Desk:
    """The daemon's side of a call script. `clock` gives epoch seconds."""

    site: Site
    store: Store
    clock: Callable[[], float]
