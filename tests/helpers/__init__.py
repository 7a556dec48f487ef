"""Helpers that several tests share; the fixtures are in `tests/conftest.py`."""
