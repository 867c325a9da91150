"""Measurements against rivals, and what makes their data."""
