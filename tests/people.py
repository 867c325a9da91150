"""People of tests that do something without signing in."""

from __future__ import annotations

from storage.people.person import Person

ADA, BEN, CLEO = (Person(name, "admin") for name in ("Ada", "Ben", "Cleo"))
