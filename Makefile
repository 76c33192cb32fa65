# Everything builds what it needs: Python 3.11 or later and make are enough to start.
# `make PYTHON=python3.12 VENV=.venv312 test` uses another interpreter beside the first.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RIVALS := $(VENV)-rivals
PACKAGING := $(VENV)-packaging

.PHONY: help demo test lint accuracy format bench faults matrix conformance peers browser release sbom docs clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1 \t/p' $(MAKEFILE_LIST)

demo: $(READY) ## audit, prove, report on and fix a copy of the example fleet on a private Redis
	$(BIN)/python scripts/demo.py

test: $(READY) browser ## all tests, on a real Redis that they start themselves
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(READY) ## style, types, arrows between the rooms, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m scripts.generate_docs --check

bench: $(READY) $(RIVALS)/.ready ## speed, as ratios side by side in one run (10 minutes)
	MOORING_BENCH_TOOLS=$(RIVALS)/bin $(BIN)/python -m benchmarks

faults: $(READY) ## every fault under load, beside redis-py: a table into docs/faults.md (10 minutes)
	$(BIN)/python -m scripts.faults --page docs/faults.md

matrix: $(READY) ## the runtime's tests on each version of redis-py and Python that is supported
	$(BIN)/python -m scripts.matrix

conformance: $(READY) ## the MCP servers before clients and judges that others wrote; needs npm (5 minutes)
	$(BIN)/python -m scripts.conformance

peers: $(READY) ## REDIS_PY=checkout: redis-py's own asyncio tests, on its client and on AsyncRedis (4 minutes)
	$(BIN)/python scripts/peer_suite.py $(REDIS_PY)

accuracy: $(READY) ## CORPUS=labels.jsonl CHECKOUTS=folder: precision and recall of the audit, and every miss
	$(BIN)/python scripts/accuracy.py $(CORPUS) $(CHECKOUTS)

format: $(READY) ## rewrite the layout of the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

release: $(PACKAGING)/.ready ## wheel and sdist into dist/, looked over
	rm -rf dist
	$(PACKAGING)/bin/python -m build --outdir dist .
	$(PACKAGING)/bin/twine check --strict dist/*

sbom: release ## what an installation with all extras brings, as CycloneDX, into dist/
	sh scripts/sbom.sh $(PYTHON) $(PACKAGING)

docs: $(READY) ## write the generated pages anew
	$(BIN)/python -m scripts.generate_docs

# What the audit is measured against, apart because its requirements are not ours.
$(RIVALS)/.ready:
	$(PYTHON) -m venv $(RIVALS)
	$(RIVALS)/bin/pip install --quiet semgrep ast-grep-cli 'py-key-value-aio[redis]' hiredis 'fastmcp==4.2.3' 'valkey-glide==2.6.0' 'coredis==6.9.0' 'uvloop==0.23.0'
	@touch $@

# What makes a release, apart because Mooring needs none of it.
$(PACKAGING)/.ready:
	$(PYTHON) -m venv $(PACKAGING)
	$(PACKAGING)/bin/pip install --quiet 'build>=1.2' 'twine>=6' 'cyclonedx-bom>=7'
	@touch $@

browser: ## Chromium and its driver, for the tests that open pages
	@sh scripts/browser.sh

clean: ## remove what was built
	rm -rf $(VENV) $(RIVALS) $(PACKAGING) .venv-matrix .venv-conformance build dist \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): pyproject.toml scripts/environment.sh
	sh scripts/environment.sh $(PYTHON) $(VENV)
	@touch $@
