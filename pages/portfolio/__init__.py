"""The parts of Overview: its words, cards and table, and the filter that narrows it."""
