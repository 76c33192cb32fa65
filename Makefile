# Everything builds what it needs: Python 3.11 or later and make are enough to start.
# `make PYTHON=python3.12 VENV=.venv312 test` uses another interpreter beside the first.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RIVALS := $(VENV)-rivals

.PHONY: help demo test lint accuracy format bench browser docs clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1 \t/p' $(MAKEFILE_LIST)

demo: $(READY) ## audit, fix and prove a copy of the example fleet on a private Redis
	$(BIN)/python scripts/demo.py

test: $(READY) browser ## all tests, on a real Redis that they start themselves
	$(BIN)/python -m pytest

lint: $(READY) ## style, types, arrows between the rooms, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/generate_docs.py --check

bench: $(READY) $(RIVALS)/.ready ## speed, as ratios side by side in one run (10 minutes)
	MOORING_BENCH_TOOLS=$(RIVALS)/bin $(BIN)/python -m benchmarks

accuracy: $(READY) ## CORPUS=labels.jsonl CHECKOUTS=folder: precision and recall of the audit, and every miss
	$(BIN)/python scripts/accuracy.py $(CORPUS) $(CHECKOUTS)

format: $(READY) ## rewrite the layout of the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY) ## write the generated pages anew
	$(BIN)/python scripts/generate_docs.py

# What the audit is measured against, apart because its requirements are not ours.
$(RIVALS)/.ready:
	$(PYTHON) -m venv $(RIVALS)
	$(RIVALS)/bin/pip install --quiet semgrep ast-grep-cli
	@touch $@

browser: ## Chromium and its driver, for the tests that open pages
	@sh scripts/browser.sh

clean: ## remove what was built
	rm -rf $(VENV) $(RIVALS) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): pyproject.toml scripts/environment.sh
	sh scripts/environment.sh $(PYTHON) $(VENV)
	@touch $@
