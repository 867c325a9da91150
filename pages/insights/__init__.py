"""Facebook's own daily figures on screens: a Page's card, and the ledger of their names."""
