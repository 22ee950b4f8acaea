# One command each: run, test, check, bench. Everything a fresh machine needs is installed on the way.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8630

.PHONY: run test check bench crash crash-long install install-dev web wheel docs clean

run: install web  ## start the product with the CRM pack and sample data; prints the sign-in link
	$(BIN)/flowloom demo --port $(PORT)

test: install-dev web  ## every test: engine, packs, browser; what failed beside others is tried once more alone
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder || $(BIN)/pytest --last-failed --last-failed-no-failures none

check: install-dev  ## format, lint, types, house, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest tests/house
	cd studio/web && npm run check
	$(MAKE) test

bench: install-dev  ## figures as ratios against a baseline in the same run (minutes)
	$(BIN)/python -m bench

crash: install-dev  ## kill the server at every failpoint and at random, race two people for one card (3 minutes)
	$(BIN)/python -m pytest -s tests/crash tests/races

crash-long: install-dev  ## 1,000 kills, 100 power cuts, 5 minutes of database faults, 100 PostgreSQL restarts, 10,000 races, 100,000 due times; prints what was lost and doubled
	$(BIN)/python -m tests.crash
	FLOWLOOM_RACES=10000 $(BIN)/python -m pytest -s tests/races
	FLOWLOOM_CASES=100000 $(BIN)/python -m pytest tests/engine/runtime/test_calendar_minutes.py

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: setup.cfg | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.installed-dev: setup.cfg | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test,check]'
	touch $@ $(VENV)/.installed

WEB_SOURCES := $(shell find studio/web -type f -not -path '*/node_modules/*' 2>/dev/null)

web: studio/static/index.html

studio/web/node_modules/.package-lock.json: studio/web/package-lock.json
	cd studio/web && npm ci --no-audit --no-fund --loglevel=error

studio/static/index.html: studio/web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd studio/web && npm run --silent build

wheel: install-dev web  ## the product as one file, dist/flowloom-*.whl: pip install it anywhere
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

docs: install-dev  ## write docs/reference from the schemas and docstrings
	$(BIN)/python docs/generate.py

clean:
	rm -rf studio/static studio/web/node_modules build dist *.egg-info
