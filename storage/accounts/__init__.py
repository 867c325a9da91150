"""Accounts: grants, Pages, page grants, attempts, pictures and the vault."""
