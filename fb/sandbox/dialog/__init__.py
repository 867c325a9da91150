"""The stand-in's login dialog: an operator selects person, permissions and Pages."""
