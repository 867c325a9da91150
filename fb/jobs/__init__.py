"""Background jobs: snapshots, insights, pictures, sandbox history, and the runner they share."""
