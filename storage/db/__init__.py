"""Database access: connections, errors, upserts and texts that can be stored."""
