"""The dashboard as a person meets it: served by its own command, driven in Chromium."""
