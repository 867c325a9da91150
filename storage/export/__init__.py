"""Exports rows as CSV and XLSX files."""
