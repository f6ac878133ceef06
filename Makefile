# One command for each thing a developer or a newcomer does. CI runs `make test`, and nothing that is not here.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/bench

.PHONY: setup check test demo bench notebook slow clean

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

setup: $(VENV)/.ready  ## .venv with everything, exact versions

check: setup  ## format, lint, types, spelling, fast tests: what a reviewer trusts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src tests
	$(BIN)/typos src tests docs examples README.md CHANGELOG.md CONTRIBUTING.md
	$(BIN)/pytest -q -n 2 -m 'not slow and not server and not browser'

test: setup  ## what the README promises and CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src tests
	$(BIN)/pytest -q -n 2 -m 'not slow'

demo: setup  ## the main job on real data, then look at the report
	$(BIN)/tradewind demo --workspace tradewind-demo

bench: setup  ## the benchmark tasks; appends to benchmarks/results.csv
	$(BIN)/python benchmarks/run.py --data $(DATA)

notebook: setup  ## run the notebook anew and keep what it shows; needs Chromium
	$(BIN)/python docs/run_notebook.py

slow: setup  ## learning tests and long runs
	$(BIN)/pytest -q -m slow

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
