# Two commands set everything up: `make demo` and `make test`. Any Python from 3.11 on: make PYTHON=python3.13 test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: help demo test check bench clean

help:
	@echo 'make demo    three people, an agent and a service rate one another; draws demo-out/graph.html'
	@echo 'make test    all tests (ARGS=--slow for the long versions)'
	@echo 'make check   lint, types, layers, generated files, tests: what CI runs'
	@echo 'make bench   the benchmarks'
	@echo 'make clean   remove what these made'

demo: $(VENV)/installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh demo.sh

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -q -n 2 --dist loadfile $(ARGS)

check: $(VENV)/installed-dev
	PATH="$(CURDIR)/$(BIN):$$PATH" .ci/run

bench: $(VENV)/installed-dev
	@for name in start_up ingest lookup eigentrust models rounds reconcile first_sync propagation; do echo "== $$name"; $(BIN)/python benchmarks/$$name.py || missed=1; done; exit $${missed:-0}

clean:
	rm -rf $(VENV) demo-out build dist .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find trustcli tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "trust needs Python 3.11 or newer, and $(PYTHON) is not: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "no venv: on Debian and Ubuntu, apt install python3-venv" >&2; exit 1; }

# A stamp each, so that a second run starts at once. The development tools are listed once, in
# pyproject.toml; reading them there works with every pip (`--group` needs pip 25.1).
$(VENV)/installed: pyproject.toml | $(VENV)/bin/python
	@echo "installing trustcli into $(VENV)"
	@$(PIP) --editable .
	@$(BIN)/python -m compileall -q trustcli
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@echo "installing the development tools"
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' > $(VENV)/dev.txt
	@$(PIP) --requirement $(VENV)/dev.txt
	@touch $@
