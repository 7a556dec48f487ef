"""Reports: pages and figures, a function of `reports/<study>/data` and of the study alone.

    record -> study.data.export -> reports/<study>/data -> study.model: Page -> study.content: Document -> markup
                                                                             -> study.figures: SVG
                                                                             -> study.headlines -> index

The model holds numbers, the content words, and the templates only markup. No clock, no live run, no torch: the same
data give the same bytes. `search` has the same rooms for the report of a search.
"""

from pathlib import Path

REPORTS = Path("reports")
"""Where all reports stand, under the current folder."""
