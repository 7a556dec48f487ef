"""What follows from a study's scores: comparisons, claims, seeds needed, interactions, sensitivity. Pure functions."""
