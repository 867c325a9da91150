"""HTTP beside the screens: routes, the guard in front of everything, redaction of logs."""
