"""The commands of `python -m fb` that need more than a screen of code."""
