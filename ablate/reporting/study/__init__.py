"""The report of a study: data -> model -> words, tables and figures -> page."""
