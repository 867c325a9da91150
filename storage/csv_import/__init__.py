"""Imports past fans and followers from CSV files: pure reading and comparing, then one write."""
