"""Every figure that the screens show, held against a known world and against an oracle."""
