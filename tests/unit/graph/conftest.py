"""The fixture of all tests of Graph."""

from tests.unit.graph.scripted_graph import scripted as scripted
