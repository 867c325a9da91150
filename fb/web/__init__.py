"""HTTP beside the screens: routes, the request guard and log redaction."""
