"""Parts of the screen Past figures: what a file would do, and the imports made so far."""
