# Two commands do everything from a fresh clone with only Python and make:
#   make demo    install, run a first session on the embedded server, write tables and plots
#   make test    install what tests need and run all of them, notebooks included
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
OUT ?= demo
# Two at a time: much of the suite waits for real time to pass. A browser wants the machine alone.
SHARE := -n 2 --dist loadfile

.PHONY: help demo test fuzz coverage check check-front format lab docs screenshots bench clean

help: ## what there is
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

# A stamp for each set of packages, made anew when pyproject.toml changes.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "gladia_nb needs Python 3.11 or later; name one with: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv .venv

.venv/.%: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$*]'
	@touch $@

demo: .venv/.local ## run a first session; results go to demo/
	$(BIN)/gladia-nb demo --out $(OUT)

test: .venv/.test ## run all tests, notebooks included
	$(BIN)/python -m pytest $(SHARE) $(COVER) tests --ignore tests/browser
	$(BIN)/python -m pytest tests/browser
	$(BIN)/python -m pytest $(SHARE) --nbval-lax --nbval-current-env --nbval-cell-timeout=180 notebooks

fuzz: .venv/.test ## hostile input, 10,000 examples of each kind
	$(BIN)/python -m pytest -m fuzz --hypothesis-profile=fuzz --timeout=3600 tests --ignore tests/browser

coverage: .venv/.test ## the tests without browser and notebooks, with the gate on coverage
	$(BIN)/python -m pytest $(SHARE) --cov=gladia_nb tests --ignore tests/browser

check: .venv/.dev check-front ## format, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# JavaScript and CSS need npm. Who has none may go on without; what decides what lands may not.
NPM := $(shell command -v npm 2>/dev/null)
NO_NPM = There is no npm: JavaScript and CSS are not checked. Install Node.js 18 or later for that.

check-front:
ifneq ($(NPM),)
	@$(MAKE) --no-print-directory node_modules/.package-lock.json
	npm run --silent check
else
	@echo "$(NO_NPM)"; test "$$CI" != true
endif

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --silent
	@touch $@

format: .venv/.dev ## put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
ifneq ($(NPM),)
	@$(MAKE) --no-print-directory node_modules/.package-lock.json
	npm run --silent format
endif

lab: .venv/.lab ## open the notebooks in JupyterLab
	$(BIN)/gladia-nb lab

docs: .venv/.docs ## make the handbook: docs/built/html/index.html (DRY=1: run nothing)
	GLADIA_NB_DOCS_DRY=$(DRY) $(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/built/html

screenshots: .venv/.test ## make the pictures in docs/: the overview, and each state of the Lab
	$(BIN)/python docs/overview.py
	$(BIN)/python docs/screenshots.py

bench: .venv/.test ## measure; prints distributions and ratios
	$(BIN)/python benchmarks/pacing.py
	$(BIN)/python benchmarks/stopwatch.py
	$(BIN)/python benchmarks/keeping_sound.py
	$(BIN)/python benchmarks/worker_start.py
	$(BIN)/python benchmarks/analysis.py
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/many_sessions.py
	$(BIN)/python benchmarks/network.py
	$(BIN)/python benchmarks/beside_sdk.py
	$(BIN)/python benchmarks/lab.py
	$(BIN)/python benchmarks/first_partial.py --page --rounds 3
	$(BIN)/python benchmarks/microphone.py --captures 5
	$(BIN)/python benchmarks/server_acks.py
	$(BIN)/python benchmarks/server_acks.py --sherpa 20
	$(BIN)/python benchmarks/server_sessions.py
	$(BIN)/python benchmarks/classroom.py
	$(BIN)/python benchmarks/cassette.py

clean: ## remove what was made
	rm -rf .venv node_modules build dist demo docs/built docs/made .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
