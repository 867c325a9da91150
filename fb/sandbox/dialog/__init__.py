"""The stand-in's login dialog, where an operator chooses person, permissions and Pages."""
