"""The exported figures of a known world stay what they are, byte for byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

from storage.db.engine import Database
from tests.integration.known_world import known_world
from tests.integration.known_world.product import Store

# As `sha256sum` writes and checks them.
SUMS = Path(__file__).with_name("known_world.sha256")


def test_the_exported_figures_of_a_known_world(database: Database) -> None:
    known_world.build(Store(database))
    sums = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in known_world.write_files(database)
    }
    lines = (line.split(maxsplit=1) for line in SUMS.read_text(encoding="utf8").splitlines())
    expected = {name: sum for sum, name in lines}
    assert sums.keys() == expected.keys()
    assert [name for name in sums if sums[name] != expected[name]] == []
