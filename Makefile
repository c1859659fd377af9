# Two commands for a newcomer: `make demo` and `make test`. Each sets up all that it needs in .venv.
# A new machine needs Python 3.11 or newer, make and git.
.DEFAULT_GOAL := help
.PHONY: help demo test test-long check format bench clean

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
USABLE := $(VENV)/.usable
SETUP  := $(VENV)/.ready

help: ## Show these targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(USABLE): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("mlinfra needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[sandbox,helm]'
	@touch $@

$(SETUP): $(USABLE)
	@echo "setting up what developers need (a few minutes, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[sandbox,helm]' --group dev
	@touch $@

demo: $(USABLE) ## Plan, apply, drift, repair and destroy a cluster on the simulated cloud
	@$(BIN)/python examples/quickstart/demo.py

check: $(SETUP) ## Lint, types, import contracts
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > .lint-imports.log || (cat .lint-imports.log; exit 1)
	@rm -f .lint-imports.log

# Without bytecode, as some set up Python, everything is compiled again in each process that tests start: half of the
# time of a small command.
test test-long: export PYTHONDONTWRITEBYTECODE :=

test: check ## All checks, and the tests
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

test-long: $(SETUP) ## The long forms; MLINFRA_TEST_EXAMPLES says how long
	@MLINFRA_TEST_EXAMPLES=$${MLINFRA_TEST_EXAMPLES:-5000} $(BIN)/python -m pytest --numprocesses 2 -m "long or not long"

format: $(SETUP) ## Format and mend what can be mended
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

bench: $(SETUP) ## What we claim about speed
	@$(BIN)/python benchmarks/planning.py
	@$(BIN)/python benchmarks/kubernetes_api.py

clean: ## Remove what was set up
	rm -rf $(VENV) .mlinfra .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
