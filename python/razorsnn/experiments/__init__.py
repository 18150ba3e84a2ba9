"""Many trainings with one purpose: the paper's tables, and sweeps over settings."""

from razorsnn.experiments.reproduce import reproduce

__all__ = ["reproduce"]
