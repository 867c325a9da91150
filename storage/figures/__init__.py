"""Figures of Pages: snapshots by day, and every question about them, answered by SQL."""
