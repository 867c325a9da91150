"""Warnings by e-mail, webhook and Slack, and the calendar of expiries."""
