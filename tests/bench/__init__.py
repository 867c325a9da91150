"""Measurements against rivals, each a ratio of one run."""
