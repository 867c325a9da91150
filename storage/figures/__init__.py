"""Figures: snapshots of Pages by day, and the SQL queries over them."""
