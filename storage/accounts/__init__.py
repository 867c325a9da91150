"""Accounts, their Pages, what each may do there, and the trips that brought them."""
