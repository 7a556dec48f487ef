# `make demo` gives a first result, and `make test` runs the test suite; both first install what they need into .venv.
# The stamp files in .venv record that this has been done, so it is done once.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-slow coverage check lint docs format hooks golden clean

demo: .venv/.installed
	$(BIN)/ablate sweep experiments/quickstart.yaml

test: .venv/.installed-test
	$(BIN)/pytest -n auto

test-slow: .venv/.installed-test
	$(BIN)/pytest -n auto -m slow

coverage: .venv/.installed-test
	$(BIN)/pytest -n auto --cov

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

# The versions installed in .venv, with the hashes of their files: the environment that the golden numbers come from.
# Run it where those numbers were made, after RECIPE was raised or an upgrade changed none of them.
golden: .venv/.installed-test
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m pip freeze --all --exclude-editable > .venv/installed.txt
	$(BIN)/uv pip compile --quiet pyproject.toml --extra dvc --extra test --constraint .venv/installed.txt \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command 'make golden' --output-file requirements/golden.txt

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
