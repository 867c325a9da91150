"""Facebook's Graph API: one client, and what is asked of it."""
