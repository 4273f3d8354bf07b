# Everything runs from a fresh clone with Python >= 3.11 and a package index. `make demo` shows the product.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check
INDEX := var/index/current/manifest.json
INSTALLED := $(VENV)/.installed
BUILT_FROM := $(shell find index_build retrieval medcoding -name '*.py' -o -name '*.tsv' -o -name '*.json*' | grep -v __pycache__)

export OMP_NUM_THREADS ?= 1
export HF_HUB_OFFLINE := 1
export ANONYMIZED_TELEMETRY := False

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

# pip's own words are a page long: count its packages on one line, and let its errors through.
COUNTED := 2>&1 | awk '/^(ERROR|error)/ {print} /^Collecting/ {n++; printf "\r     %d packages found", n; fflush()} \
	/^Installing collected/ {printf "\r     installing %d packages ...", n; fflush()} END {print ""}'

.DEFAULT_GOAL := help
.PHONY: help install index demo check format test test-real schema clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED) ## Create .venv and install everything into it

# CPU torch comes first and alone: a plain resolve would drag in gigabytes of CUDA packages.
$(INSTALLED): pyproject.toml requirements/constraints.txt
	@echo "1/3 environment" && $(PYTHON) -m venv $(VENV)
	@echo "2/3 CPU torch" && $(PIP) install --constraint requirements/constraints.txt torch==2.13.0 $(COUNTED)
	@$(BIN)/python -W ignore -c "import sys, torch; sys.exit('This torch is a CUDA build; point pip at an index with the CPU build of 2.13.0.' if torch.version.cuda else 0)"
	@echo "3/3 Chartwright and its packages (a minute or two)"
	@$(PIP) install --constraint requirements/constraints.txt --editable '.[dev]' $(COUNTED)
	@touch $@

index: $(INDEX) ## Build the default index (about two minutes, once)

$(INDEX): $(INSTALLED) $(BUILT_FROM)
	@$(BIN)/chartwright index build
	@touch $@

demo: $(INDEX) ## Code the samples: rationale in the terminal, page in var/demo.html; MODEL=mini asks the small model
	@$(BIN)/chartwright code samples/*.json --html var/demo.html $(if $(MODEL),--model $(MODEL))
	@$(BIN)/chartwright code samples/telephone_followup.txt --setting outpatient --dos 2026-11-10 $(if $(MODEL),--model $(MODEL))

check: $(INSTALLED) ## Format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## Rewrite the sources in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: $(INSTALLED) ## All tests that need only the package index
	$(BIN)/pytest

test-real: $(INSTALLED) ## Tests against real neighbours, which it installs and starts itself
	tests/real/install.sh
	$(BIN)/pytest -m real

schema: $(INSTALLED) ## Regenerate docs/schema, docs/settings.md and docs/guidelines.md
	$(BIN)/python -m medcoding.schema docs/schema
	$(BIN)/python -m agent.settings_page docs/settings.md
	$(BIN)/python -m index_build.guidelines.coverage docs/guidelines.md

clean: ## Remove what was built, not the environments
	rm -rf var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
