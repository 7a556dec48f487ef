"""The report of a search: like that of a study, a function of `reports/<search>/data` and of the search alone."""
