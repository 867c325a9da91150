"""Sign-in: who is let in, the sessions of browsers, and ways to the sign-in service and back."""
