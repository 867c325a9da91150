"""Facebook's Graph API: client, errors, login endpoints, Pages, figures and insights."""
