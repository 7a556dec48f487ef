"""A user's own parts: choices that the Python files of a study add to its settings, for this study only."""
