"""Reports: pages and figures, computed from nothing but `reports/<study>/data` and the study.

    record -> study.data.export -> reports/<study>/data -> study.model: Page -> study.content: Document -> markup
                                                                             -> study.figures: SVG
                                                                             -> study.headlines -> index

The model has the numbers, the content has the words, and the templates have only markup. Nothing here reads a clock,
looks at running training or imports torch: the same data give the same bytes. `search` has the same modules for the
report of a search.
"""

from ablate.project import REPORTS as REPORTS
