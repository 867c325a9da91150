"""Background jobs: runs, leases, events and observations of the Graph API."""
