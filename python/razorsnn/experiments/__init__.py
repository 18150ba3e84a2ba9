"""Many trainings with one purpose: the paper's tables, and sweeps over settings."""

from razorsnn.experiments.reproduce import reproduce
from razorsnn.experiments.sweep import sweep

__all__ = ["reproduce", "sweep"]
