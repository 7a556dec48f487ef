"""What several tests share; fixtures are in `tests/conftest.py`."""
