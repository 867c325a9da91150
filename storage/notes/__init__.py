"""Notes, tags and goals of operators, and the events that charts show beside them."""
