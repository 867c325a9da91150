"""The parts of a Page's screen: its cards, their charts and words."""
