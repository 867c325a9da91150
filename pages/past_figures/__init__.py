"""The parts of the screen Past figures: what a file would do, and what was taken in."""
