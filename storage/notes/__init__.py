"""Notes, tags and goals of operators, and timeline events for charts."""
