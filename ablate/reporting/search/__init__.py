"""The report of a search, computed from nothing but `reports/<search>/data` and the search."""
