"""The database: models, migrations, the vault and every query. Imports neither `fb` nor `pages`."""
