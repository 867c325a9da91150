"""Notes on days: the popover in a chart's card, and what is said of each."""
