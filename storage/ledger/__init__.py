"""The ledger: a chain of entries that nobody changes unseen, and the pseudonyms in them."""
