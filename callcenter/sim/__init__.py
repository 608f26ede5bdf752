"""The production dispatcher on a turned clock, beside queueing theory."""

from callcenter.sim.model import Figures, Scenario
from callcenter.sim.run import simulate

__all__ = ["Figures", "Scenario", "simulate"]
