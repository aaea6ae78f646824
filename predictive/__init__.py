"""How many calls to place now. Pure: time and facts in, a number out."""

from predictive.contract import Event, EventKind, Floor, Pacer, Reasons, Spent
from predictive.registry import create_pacer

__all__ = ["Event", "EventKind", "Floor", "Pacer", "Reasons", "Spent", "create_pacer"]
