"""Connected accounts: list, check, pause, disconnect."""
