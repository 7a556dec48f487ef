"""Paired scores and margins for property tests of verdicts."""

import numpy as np
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

relaxed = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# eighths, so that differences of scores are exact
scores = st.integers(-400, 400).map(lambda eighths: eighths / 8)
pairs = st.lists(st.tuples(scores, scores), min_size=2, max_size=8).map(np.array)
"""(seeds, 2): of the arm and of its reference."""

margins = st.floats(0.01, 20)
