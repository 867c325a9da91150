"""Warnings: what is due, what has gone out, where it goes, and the calendar's addresses."""
