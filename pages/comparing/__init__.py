"""The parts of Compare: which Pages, their lines, their figures side by side."""
