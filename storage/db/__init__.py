"""The database: connections, errors, migrations, and how rows are written."""
