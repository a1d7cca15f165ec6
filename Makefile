# `make` without a target prints help. Needs Python 3.11 or newer and make; everything else is installed into .venv/.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
# Each start of a service, and each test worker, would compile the sources again.
unexport PYTHONDONTWRITEBYTECODE

VENV     := .venv
BIN      := $(VENV)/bin
READY    := $(VENV)/.ready
PYTHON   ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,\
              $(shell $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
SERVICES := proposal voting committee evaluation
PARTS    := shared $(addprefix services/,$(SERVICES)) deploy/local
ARGS     ?=
# Most tests wait more than they compute, so there are more workers than cores. Each has its own PostgreSQL and broker.
WORKERS  ?= 4
PARALLEL  = -n $(WORKERS) --dist loadgroup
# Folders and files in which every test needs a database or a process: `make quick` doesn't import them.
WITHOUT   = $(addprefix --ignore=,tests/attacks tests/journeys tests/contracts/test_bad_input.py)

##@ Run
setup: $(READY) ## install everything into .venv/; does nothing if it is up to date
demo: setup ## run one consultation from first proposal to published evaluation (ARGS=--exit: stop afterwards)
	@$(BIN)/townhall demo $(ARGS)
up: setup ## run the platform on this machine until Ctrl-C (ARGS="--data-dir DIR --base-port N")
	@$(BIN)/townhall up $(ARGS)

##@ Test
quick: setup ## the tests that need no database, broker or process; under 20 seconds
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup --hypothesis-profile=quick $(WITHOUT) -m 'not (database or broker or process or proxy or postgresql)' $(ARGS)
test: setup ## all tests, in parallel and random order (ARGS="--randomly-seed=N" repeats an order)
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS)
test-kafka: setup ## the tests that use a broker, on Apache Kafka (needs Java 17 and Maven)
	@TOWNHALL_BROKER=kafka $(BIN)/python -m pytest $(PARALLEL) -m 'broker and not (proxy or postgresql)' $(ARGS)
test-proxy: setup ## the tests of deploy/proxy (needs nginx and its stream module)
	@$(BIN)/python -m pytest -m proxy tests/attacks/test_proxy.py $(ARGS)
test-postgresql: setup ## TLS and a pooler (needs postgresql and pgbouncer of Debian)
	@$(BIN)/python -m pytest -m postgresql shared/tests/test_database_tls.py services/voting/tests/test_pooler.py $(ARGS)
coverage: setup ## `make test` with line and branch coverage; fails below the minimum in pyproject.toml
	@$(BIN)/python -m pytest $(PARALLEL) --cov --cov-report=term:skip-covered $(ARGS)
campaign: setup ## one seeded fault run (ARGS="--seed S --fault F --mutant M --secs N"; ARGS=--list: all faults and mutants)
	@$(BIN)/python -m tests.campaign $(ARGS)
campaign-short: setup ## every fault once and some mutants, two runs at a time (about nine minutes)
	@$(BIN)/python -m tests.campaign.series short $(ARGS)
campaign-series: setup ## many fault runs (ARGS="long --file F --seeds 120"); resumes after an interruption
	@$(BIN)/python -m tests.campaign.series $(ARGS)
campaign-report: setup ## write tests/campaign/REPORT.md from the files of campaign-series (ARGS="F1 F2")
	@$(BIN)/python -m tests.campaign.report $(ARGS)
check: static asyncapi cloudevents isolation test ## everything that CI checks: the checks below, then the tests
static: format-check lint types arch house ## the checks that start no process

##@ Measure
bench: setup ## benchmarks; writes bench/report.md (ARGS="--seconds 8"; BROKER=kafka: Apache Kafka)
	@$(BIN)/python -m bench $(ARGS)

##@ Single checks
format-check: setup ## formatting, by ruff
	@$(BIN)/ruff format --check --quiet . || { echo 'run: make fmt'; exit 1; }
lint: setup ## ruff with all rules
	@$(BIN)/ruff check --quiet .
types: setup ## mypy --strict on sources and tests
	@$(BIN)/mypy
arch: setup ## import rules, by import-linter
	@$(BIN)/lint-imports
house: setup ## sizes, names, frozen schemas, generated pages (also part of `make test`)
	@$(BIN)/python -m pytest -q tests/architecture tests/contracts/test_pages.py tests/contracts/test_schemas.py
asyncapi: setup ## parse each service's AsyncAPI document with the official parser (needs Node.js and npm)
	@.ci/asyncapi
cloudevents: setup ## validate an event of each type with the Go and JavaScript SDKs (needs Go, Node.js and npm)
	@.ci/cloudevents
isolation: setup ## install and start each service without the code of the others
	@.ci/isolation

##@ Deploy
images: ## build the container images with podman or docker (ARGS="services/voting": one of them)
	@deploy/containers/build $(ARGS)

##@ Develop
fmt: setup ## format, and apply automatic lint fixes
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix . || true
docs: setup ## generate docs/reference/{events,metrics,settings}.md
	@$(BIN)/python -m tests.contracts.pages
schemas: setup ## freeze the schema and a sample of each new event type
	@$(BIN)/python -m tests.contracts.schemas
lock: $(BIN)/uv ## resolve all requirement files again, pinned by hash
	@.ci/lock $(ARGS)
clean: ## remove build output and tool caches, not .venv/
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache .coverage

help: ## print this help
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {group = substr($$0, 5); next} \
	  /^[a-z-]+:.*## / {if (group) printf "\n%s\n", group; group = ""; printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp file is newer than its sources, so that a second `make setup` does nothing.
$(READY): requirements-dev.txt $(addsuffix /pyproject.toml,$(PARTS)) | $(BIN)/uv
	@echo 'Installing into $(VENV)/ ...'
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps --compile-bytecode -r requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(addprefix -e ./,$(PARTS))
	@touch $@

$(BIN)/uv: requirements-uv.txt | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-uv.txt
	@touch $@

$(BIN)/python:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed, but none was found. Give one: make PYTHON=/path/to/python3'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo '$(PYTHON) has no venv or ensurepip. On Debian and Ubuntu: apt-get install python3-venv'; exit 1; }
	@$(PYTHON) -m venv $(VENV)

.PHONY: setup demo up quick test test-kafka test-proxy test-postgresql coverage bench campaign campaign-short campaign-series campaign-report check static images format-check lint types arch house asyncapi cloudevents isolation fmt docs schemas lock \
        clean help
