# The two that a newcomer needs: `make demo` and `make test`. `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --allow-unsafe

.DEFAULT_GOAL := help
.PHONY: help demo test setup lint lock clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 10

demo: $(READY) ## a campaign on a real Asterisk, live on the screen, and a report (ARGS="--leads 50")
	@$(BIN)/perezvon demo $(ARGS)

test: $(READY) ## every check and every test
	@.ci/checks

lint: $(READY) ## only the checks that run nothing: ruff, mypy, imports
	@.ci/checks --static

setup: $(READY) ## .venv with all that is needed; done again only when a lock or setup.cfg changed

$(READY): setup.cfg requirements.lock requirements-build.lock
	@PYTHON="$(PYTHON)" .ci/setup
	@touch $@

lock: ## write both locks anew from the ranges in setup.cfg (UPGRADE=1: newest versions)
	@set -e; venv=$$(mktemp -d); trap 'rm -rf "$$venv"' EXIT; \
	$(PYTHON) -m venv "$$venv"; "$$venv/bin/pip" install --quiet --disable-pip-version-check uv; \
	export PATH="$$venv/bin:$$PATH"; \
	echo 'setuptools>=77' | $(LOCK) $(if $(UPGRADE),--upgrade) - --output-file requirements-build.lock; \
	$(LOCK) $(if $(UPGRADE),--upgrade) --all-extras setup.cfg --output-file requirements.lock

clean: ## remove all that make made here
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info build dist demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
