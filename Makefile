# Two commands: `make up` runs the product, `make test` proves it. Both set up everything they need in .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
INPUTS := pyproject.toml constraints.txt package.json package-lock.json hatch_build.py

.PHONY: help up test check fault hostile fuzz fix lock bench docs pictures clean

help:          ## show these targets
	@grep -hE '^[a-z]+: .*##|^[a-z]+:  *##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

up: $(VENV)/.run    ## run Surveyor on http://127.0.0.1:8600 (ARGS="--port 9000")
	@exec $(BIN)/surveyor up $(ARGS)

test: $(VENV)/.dev  ## lint, types, import contracts and every test
	@exec $(BIN)/python tests/run.py $(ARGS)

check: $(VENV)/.dev ## lint, types and import contracts only
	@exec $(BIN)/python tests/run.py --only-checks

fault: $(VENV)/.dev ## kill every part at random points, for half an hour; SURVEYOR_FAULT_ROUNDS and _SEED
	@exec $(BIN)/python tests/isolation.py $(BIN)/python -m pytest tests/fault tests/integration/test_schemathesis.py -q -s -m slow $(ARGS)

hostile: $(VENV)/.dev ## scan what is made to hurt at its full size: a million entries in every format, lists without end
	@exec $(BIN)/python tests/isolation.py $(BIN)/python -m pytest tests/hostile -q -s -m slow $(ARGS)

fuzz: $(VENV)/.fuzz ## fuzz every reader of hostile bytes (ARGS="iso squashfs --seconds 600")
	@exec $(BIN)/python tests/isolation.py $(BIN)/python -m tests.fuzz $(ARGS)

fix: $(VENV)/.dev   ## format and mend what can be mended by itself
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

docs: $(VENV)/.dev  ## write docs/reference from the code
	@exec $(BIN)/python docs/generate.py

pictures: $(VENV)/.dev ## take the pictures of docs/images from a running product
	@exec $(BIN)/python docs/pictures.py $(ARGS)

bench: $(VENV)/.dev ## measure; see benchmarks/README.md
	@exec $(BIN)/python -m benchmarks $(ARGS)

lock: $(VENV)/.dev  ## renew constraints.txt and package-lock.json, without any address in them
	$(BIN)/pip-compile -q --upgrade --all-extras --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --no-annotate -o constraints.txt pyproject.toml
	npm install --package-lock-only --ignore-scripts

clean:         ## remove the virtual environment and caches, never your data
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis src/surveyor/service/ui/static/vendor src/surveyor/scan/net/browser/vendor

$(VENV)/bin/python:
	@sh tools/make-venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python $(INPUTS)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.fuzz: $(VENV)/.dev
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,fuzz]'
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python $(INPUTS)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.run
