"""Many trainings with one purpose: the paper's tables, and sweeps over settings."""
