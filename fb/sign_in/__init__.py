"""Sign-in: asks the sign-in service (OpenID Connect) who somebody is."""
