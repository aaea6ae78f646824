"""A simulated call centre that any pacer can be run in. See docs/simulator.md."""

from predictive.simulator.families import FAMILIES, scenario_of
from predictive.simulator.figures import Figures
from predictive.simulator.oracle import oracle
from predictive.simulator.run import simulate
from predictive.simulator.scenario import Change, Scenario

__all__ = ["FAMILIES", "Change", "Figures", "Scenario", "oracle", "scenario_of", "simulate"]
