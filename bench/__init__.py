"""Measurements of the main jobs. ``make bench`` runs them; figures stand in ``docs/benchmarks.md``."""
