"""Sweeps: many runs over one parameter space, each point given out once."""
