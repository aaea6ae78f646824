"""All scenarios; importing their modules enters them."""

from . import call_scenarios, link_scenarios, preview_scenarios
from .scenario import SCENARIOS

__all__ = ["SCENARIOS", "call_scenarios", "link_scenarios", "preview_scenarios"]
