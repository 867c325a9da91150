"""Reads a CSV file of past figures: pure, from bytes to columns of numbers and refusals."""
