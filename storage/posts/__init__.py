"""Posts of Pages: storing them, and the questions of the screens."""
