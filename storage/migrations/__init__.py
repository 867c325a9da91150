"""Migrations of the database, and the function that runs them."""
