# The commands of this repository. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# `make PYTHON=/path/to/python3.12 install` picks an interpreter; otherwise the first one that is new enough.
PYTHON ?=
PYTEST_ARGS ?=

BIN := .venv/bin
PINS := requirements/run.txt requirements/dev.txt
INSTALLED := .venv/.installed
MODEL := .venv/.model-installed
BENCH := .venv/.bench-installed
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check

define FIND_PYTHON
for candidate in $${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do \
	if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$candidate"; exit 0; fi; \
done; \
echo "recado needs Python 3.11 or newer; tried: $${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}." \
	"Install one, or name it: make PYTHON=/path/to/python3.12 install" >&2; \
exit 1
endef
export PYTHON

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: $(INSTALLED) ## make .venv with all that running and testing need

$(INSTALLED): $(PINS) pyproject.toml
	@if ! [ -x $(BIN)/python ]; then \
		python=$$($(FIND_PYTHON)); \
		echo "creating .venv with $$("$$python" --version)"; \
		"$$python" -m venv .venv; \
	fi
	@$(PIP_INSTALL) --require-hashes $(addprefix -r ,$(PINS))
	@$(PIP_INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@
