"""Facebook's other daily figures: the ledger of their names, values by day, states of Pages."""
