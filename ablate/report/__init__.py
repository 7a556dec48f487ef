"""Reports: pages and figures, a function of `reports/<study>/data` and of the study alone.

    record -> data.export -> reports/<study>/data -> model.build -> page and figures

No clock, no live run, no torch: the same data give the same bytes.
"""
