# Every habit of this project by name; `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := run_logger tests examples benchmarks

.DEFAULT_GOAL := help
.PHONY: help set-up demo test trials bench screenshots lint format generate lock docs clean

help:  ## list what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

set-up: $(READY)  ## install all that developing needs into .venv

$(READY): pyproject.toml requirements-dev.lock tools/set-up
	PYTHON="$(PYTHON)" VENV="$(VENV)" tools/set-up
	@touch $@

demo: $(READY)  ## train small models on real data, record them, read them back, draw their charts
	$(BIN)/python examples/demo.py

test: $(READY)  ## run the tests
	tools/system-packages
	$(BIN)/pytest -n 2 $(PYTEST_ARGS)

trials: $(READY)  ## lose connections, processes and disks by the thousand, and count what arrives
	tools/system-packages
	$(BIN)/pytest tests/trials --trials full -n 0 --timeout 3600 \
		--trials-table benchmarks/results/trials.md $(TRIALS_ARGS)

bench: $(READY)  ## measure what it costs, other loggers beside it
	$(BIN)/python -m benchmarks.bench $(BENCH_ARGS)

screenshots: $(READY)  ## draw every screen of the page, light and dark, into build/screenshots
	tools/system-packages
	$(BIN)/python tools/screenshots.py

lint: $(READY)  ## check form, types and drift of what is generated
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	@export PATH="$(CURDIR)/$(BIN):$$PATH"; \
		found=$$(pyright --verifytypes run_logger --ignoreexternal) || { echo "$$found"; exit 1; }
	$(BIN)/run-logger generate --check
	$(BIN)/run-logger queries check --strict
	$(BIN)/python tools/cli_reference.py --check

format: $(READY)  ## put the sources into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(READY)  ## introspect our schema and write the typed client anew
	$(BIN)/run-logger generate

lock: $(READY)  ## pin the development tools anew
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 --all-extras --group dev pyproject.toml --output-file requirements-dev.lock

docs: $(READY)  ## write the reference of the command line anew
	$(BIN)/python tools/cli_reference.py

clean:  ## remove what was installed and built
	rm -rf $(VENV) dist build
