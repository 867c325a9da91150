"""The stand-in without HTTP: Pages, people, figures, pictures, tokens and consents."""
