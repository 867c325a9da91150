"""Commands of `python -m fb`: keys, erase and ledger, and what all commands share."""
