"""Fetches Facebook's daily figures of Pages in the background, and goes on where it stopped."""
