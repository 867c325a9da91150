# make run           set everything up and serve the dashboard at http://localhost:8501
# make test          set everything up and run the tests: unit, integration, screens, the main walk in a browser
# make test-browser  every other walk through the browser
# make check         format, lint, types, make test and make test-browser
# make test-dates    unit, integration and screen tests as if on every day on which programs break
# make faults        let each fault happen many times, and write the table of docs/reliability.md
# make pictures      every screen as a picture, at 1440 and 390 pixels and in the dark
# make bench         measure, as ratios against named rivals
# make format        format the code and mend what lint can mend
# make requirements  write requirements.txt and requirements-dev.txt anew after a change of the .in files;
#                    UPGRADE=--upgrade also brings what these bring in up to date
# make clean         delete .venv and what the tools remember
PYTHON ?= python3
BIN := .venv/bin
# One more than there are cores: tests also wait, for locks, servers and disks.
PROCESSES ?= 3
PYTEST := -n $(PROCESSES) --dist worksteal
# A day is a parameter of the SQL and changes nothing in it, so one database is enough.
DATES := $(PYTEST) tests/unit tests/integration tests/screens -k "not postgresql"
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
# For every system and every Python from 3.11 on, and without a trace of this machine's own package index.
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make requirements' $(UPGRADE)

# Also where the environment says otherwise: each process would compile all modules anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test test-browser test-dates faults check format requirements pictures bench clean
.DELETE_ON_ERROR:

run: .venv/runs
	$(BIN)/streamlit run dashboard.py

test: .venv/tests
	$(BIN)/python -m pytest $(PYTEST) tests/browser/walks/test_walk.py tests/unit tests/integration tests/screens

test-browser: .venv/tests
	$(BIN)/python -m pytest $(PYTEST) tests/browser --ignore=tests/browser/walks/test_walk.py

test-dates: .venv/tests
	$(BIN)/python -m tests.dates $(DATES)

faults: .venv/tests
	$(BIN)/python -m tests.faults

pictures: .venv/tests
	PAGEKEEPER_PICTURES=tests/browser/screenshots $(BIN)/python -m pytest $(PYTEST) \
		$(addprefix tests/browser/screens/test_,look.py accessible.py notes_and_tags.py import_export.py)

check: .venv/tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy dashboard.py fb pages storage tests
	$(MAKE) test
	$(MAKE) test-browser

format: .venv/tests
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

requirements: .venv/tests
	$(COMPILE) requirements.in --output-file requirements.txt
	$(COMPILE) requirements-dev.in --constraint requirements.txt --output-file requirements-dev.txt

bench: .venv/tests
	$(BIN)/python -m tests.bench

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv

.venv/runs: requirements.txt .venv/bin/python
	$(INSTALL) -r requirements.txt
	touch $@

.venv/tests: requirements-dev.txt .venv/runs
	$(INSTALL) -r requirements-dev.txt
	touch $@
