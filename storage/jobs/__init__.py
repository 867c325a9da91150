"""Background jobs: runs, leases, events, and what Graph told about itself."""
