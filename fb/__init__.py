"""Facebook: login, Graph client, use cases, sandbox, command line."""
