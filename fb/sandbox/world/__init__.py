"""What the stand-in knows without HTTP: Pages, people, figures, pictures, tokens and consents."""
