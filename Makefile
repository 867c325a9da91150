# make run    set everything up and serve the dashboard at http://localhost:8501
# make test   set everything up and run all tests
# make check  format, lint, types, then make test
# make bench  measure, as ratios against named rivals
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check format bench clean
.DELETE_ON_ERROR:

run: .venv/runs
	$(BIN)/streamlit run dashboard.py

test: .venv/tests
	$(BIN)/python -m pytest

check: .venv/tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy dashboard.py fb pages storage tests
	$(MAKE) test

format: .venv/tests
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/tests
	$(BIN)/python -m tests.bench

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv

.venv/runs: requirements.txt .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/tests: requirements-dev.txt .venv/runs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
