"""Insights: ledger of Facebook's daily metrics, their values by day, and states of Pages."""
