"""Facebook: login, Graph client, use cases, sandbox, command line."""

__version__ = "0.1.0"  # as in pyproject.toml
