# `make` alone says what there is. Needs Python 3.11 or newer and make; everything else is installed into .venv/.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

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

##@ Use it
setup: $(READY) ## everything into .venv/, and nothing when it is there already
demo: setup ## play one consultation from first proposal to published evaluation (ARGS=--exit ends afterwards)
	@$(BIN)/townhall demo $(ARGS)
up: setup ## the platform on this machine until Ctrl-C (ARGS="--data-dir DIR --base-port N")
	@$(BIN)/townhall up $(ARGS)

##@ Test it
quick: setup ## what needs no database, broker or process: under 20 seconds
	@$(BIN)/python -m pytest -q -n 2 --hypothesis-profile=quick -m 'not (database or broker or process or proxy)' $(ARGS)
test: setup ## every test that needs no special machine, in parallel and in any order (ARGS="--randomly-seed=N" repeats one)
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS)
test-kafka: setup ## the tests that use a broker, on Apache Kafka (needs Java 17 and Maven)
	@TOWNHALL_BROKER=kafka $(BIN)/python -m pytest $(PARALLEL) -m 'broker and not proxy' $(ARGS)
test-proxy: setup ## the tests of deploy/proxy (needs nginx and its stream module)
	@$(BIN)/python -m pytest -m proxy tests/attacks/test_proxy.py $(ARGS)
coverage: setup ## `make test` with lines and branches counted; fails below the floor in pyproject.toml
	@$(BIN)/python -m pytest $(PARALLEL) --cov --cov-report=term:skip-covered $(ARGS)
campaign: setup ## one seeded run of faults (ARGS="--seed S --fault F --mutant M --secs N"; ARGS=--list names them)
	@$(BIN)/python -m tests.campaign $(ARGS)
campaign-short: setup ## the campaign in short: every fault once, and some mutants, two runs side by side (about seven minutes)
	@$(BIN)/python -m tests.campaign.series short $(ARGS)
campaign-series: setup ## many runs (ARGS="long --file F --seeds 120"); stopped, it goes on where it was
	@$(BIN)/python -m tests.campaign.series $(ARGS)
campaign-report: setup ## write tests/campaign/REPORT.md from the files of such series (ARGS="F1 F2")
	@$(BIN)/python -m tests.campaign.report $(ARGS)
check: static asyncapi isolation test ## what CI calls: every check below, then the tests
static: format-check lint types arch house ## the checks that start nothing

##@ Measure it
bench: setup ## what it costs, as ratios in one run; writes bench/report.md (ARGS="--seconds 8", BROKER=kafka for Apache Kafka)
	@$(BIN)/python -m bench $(ARGS)

##@ Check one thing
format-check: setup ## formatting is the formatter's
	@$(BIN)/ruff format --check --quiet . || { echo 'run: make fmt'; exit 1; }
lint: setup ## ruff, every rule on, each opt-out with its reason
	@$(BIN)/ruff check --quiet .
types: setup ## mypy --strict over sources and tests
	@$(BIN)/mypy
arch: setup ## who may import whom
	@$(BIN)/lint-imports
house: setup ## sizes, names, frozen schemas, generated pages (part of `make test` too)
	@$(BIN)/python -m pytest -q tests/architecture tests/contracts/test_pages.py tests/contracts/test_schemas.py
asyncapi: setup ## the official parser accepts each service's AsyncAPI document (needs Node.js and npm)
	@.ci/asyncapi
isolation: setup ## each service installs and starts with nothing of another service beside it
	@.ci/isolation

##@ Change it
fmt: setup ## format, and fix what lint can fix by itself
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix . || true
docs: setup ## write docs/reference/{events,metrics,settings}.md from the code
	@$(BIN)/python -m tests.contracts.pages
schemas: setup ## freeze the schema and a sample of each new event type
	@$(BIN)/python -m tests.contracts.schemas
lock: $(BIN)/uv ## resolve every requirement file anew, pinned by hash
	@.ci/lock $(ARGS)
clean: ## remove what the tools made; .venv/ stays
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache .coverage

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {group = substr($$0, 5); next} \
	  /^[a-z-]+:.*## / {if (group) printf "\n%s\n", group; group = ""; printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The set-up. The stamp is newer than all it was made from, so that a second `make setup` does nothing.
$(READY): requirements-dev.txt $(addsuffix /pyproject.toml,$(PARTS)) | $(BIN)/uv
	@echo 'Installing into $(VENV)/ ...'
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps --compile-bytecode -r requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(addprefix -e ./,$(PARTS))
	@touch $@

$(BIN)/uv: requirements-uv.txt | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-uv.txt
	@touch $@

$(BIN)/python:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed, and none was found. Name one: make PYTHON=/path/to/python3'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo '$(PYTHON) comes without venv or ensurepip. On Debian and Ubuntu: apt-get install python3-venv'; exit 1; }
	@$(PYTHON) -m venv $(VENV)

.PHONY: setup demo up quick test test-kafka test-proxy coverage bench campaign campaign-short campaign-series campaign-report check static format-check lint types arch house asyncapi isolation fmt docs schemas lock \
        clean help
