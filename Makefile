# Two commands set everything up: `make demo` (a first result) and `make test` (the suite).
# The stamps below .venv record what is installed, so that a second call installs nothing.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-slow check lint docs format hooks clean

demo: .venv/.installed
	$(BIN)/ablate sweep experiments/quickstart.yaml

test: .venv/.installed-test
	$(BIN)/pytest -n auto

test-slow: .venv/.installed-test
	$(BIN)/pytest -n auto -m slow

lint: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/.installed-test
	$(BIN)/python -m docs.generate

format: .venv/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

hooks: .venv/.installed-test
	$(BIN)/pre-commit install

check: lint test test-slow

clean:
	rm -rf .venv

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/.installed-test: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dvc,test]'
	touch $@ .venv/.installed
