"""Reports: pages and figures, a function of `reports/<study>/data` and of the study alone.

    record -> data.export -> reports/<study>/data -> model.build: Page -> content.document: Document -> rendering
                                                                      -> figures.draw_all: SVG
                                                                      -> headlines -> index

The model holds numbers, the document words, and the templates only markup. No clock, no live run, no torch: the same
data give the same bytes.
"""
