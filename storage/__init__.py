"""The database: models, migrations, the vault, and every query. Knows no Facebook and no screen."""
