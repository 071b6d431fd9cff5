# Everything there is to do here. `make` alone lists it.
#
# Law: whatever needs an environment builds it first, and builds it again only when the pins or
# pyproject.toml have changed. `run` needs the packages of requirements/run.txt and no others.

PYTHON := $(or $(shell command -v python3.11),python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps
OLD := Venuewire needs Python 3.11 or newer; `make PYTHON=/path/to/python3` chooses one. This is
CHECKED := src tests bench
GENERATED := .venv build dist src/*.egg-info .coverage .hypothesis .import_linter_cache .*_cache

SIMULATED = $(if $(SEEDS),--seeds $(SEEDS)) $(if $(HOURS),--hours $(HOURS)) \
  $(if $(SEED),--seed $(SEED)) $(if $(FIRST),--first $(FIRST)) $(if $(VENUE),--venue $(VENUE)) \
  $(if $(EDITION),--edition $(EDITION)) $(if $(KEEP),--keep $(KEEP)) \
  $(if $(SAVE),--save $(SAVE)) $(if $(FROM),--from $(FROM))

ENDURED = $(if $(SEED),--seed $(SEED)) $(if $(CASE),--case $(CASE)) $(if $(KIND),--kind $(KIND)) \
  $(if $(EDITION),--edition $(EDITION)) $(if $(FRAMES),--frames $(FRAMES)) \
  $(if $(REQUESTS),--requests $(REQUESTS))

.PHONY: help setup run test check lint bench mutants simulate evidence fuzz attack soak format clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' Makefile

setup: .venv/dev  ## build .venv from the pinned requirements

run: .venv/run  ## five venues on one local port, a session to each, for a minute
	@echo 'For one minute. To let it run until Ctrl-C: $(BIN)/venuewire watch all --local'
	@$(BIN)/venuewire watch all --local --for 60

test: .venv/dev  ## all tests; core and venues must be covered to the last branch
	@$(BIN)/python -m pytest -q --cov

check: lint test  ## the gate before a commit: format, lint, types, imports, spelling, tests

lint: .venv/dev
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/mypy $(CHECKED)
	$(BIN)/lint-imports
	$(BIN)/codespell

bench: .venv/bench  ## what things cost, beside the yardsticks: twenty minutes (TABLE=name QUICK=1)
	@$(BIN)/python -m bench $(TABLE) $(if $(QUICK),--quick)

mutants: .venv/dev  ## break the sources on purpose, in over 300 ways: some test must notice each
	@PYTHONPATH=src:tests $(BIN)/python -m mutation $(ONLY)

simulate: .venv/dev  ## clients and venues under seeded faults (SEEDS=n HOURS=h [SEED=k VENUE=.. EDITION=..])
	@PYTHONPATH=src:tests $(BIN)/python -m simulation $(or $(KIND),faults) $(SIMULATED)

evidence: .venv/dev  ## all campaigns in full, and docs/explanation/evidence.md: an hour
	@PYTHONPATH=src:tests $(BIN)/python -m simulation evidence $(SIMULATED)

fuzz: .venv/dev  ## ten million frames and a million requests without sense (FRAMES=n REQUESTS=n SEED=k)
	@PYTHONPATH=src:tests $(BIN)/python -m endurance fuzz $(ENDURED)

attack: .venv/dev  ## attackers beside a probe, twelve seconds each (ONLY=part of a name)
	@PYTHONPATH=src:tests $(BIN)/python -m endurance attack $(if $(ONLY),--only "$(ONLY)")

soak: .venv/dev  ## twelve hours of a team's venue, in ten minutes (HOURS=h SEED=k)
	@PYTHONPATH=src:tests $(BIN)/python -m endurance soak $(ENDURED) $(if $(HOURS),--hours $(HOURS))

format: .venv/dev  ## rewrite the sources as `check` wants them
	$(BIN)/ruff check --fix-only $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

clean:  ## remove whatever was generated, .venv too
	rm -rf $(GENERATED) && find . -name __pycache__ -prune -exec rm -rf {} +

.venv/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("$(OLD) " + sys.version)'
	@$(PYTHON) -m venv --clear .venv && touch $@

.venv/run: .venv/python requirements/run.txt pyproject.toml
	@echo 'Installing into .venv what requirements/run.txt pins; the first time takes half a minute'
	@$(PIP) -r requirements/run.txt && $(PIP) --no-build-isolation --editable . && touch $@

.venv/dev: .venv/run requirements/dev.txt
	@echo 'Installing into .venv what requirements/dev.txt pins'
	@$(PIP) -r requirements/dev.txt && touch $@

.venv/bench: .venv/dev requirements/bench.txt
	@echo 'Installing into .venv what requirements/bench.txt pins'
	@$(PIP) -r requirements/bench.txt && touch $@
