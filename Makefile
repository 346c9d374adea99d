# Every target works from a clean clone; what it needs it installs into .venv first.

PYTHON ?= python3
PORT ?= 8000
DATA_DIR ?= .local
PURGE_SECONDS ?= 60
DEMO ?= 0

STAGE ?= dev
SET ?=
KEEP ?=
YES ?=
DELETE_TABLE ?=
WRITE ?=
SUBJECTS ?=
AREAS ?=

BIN := .venv/bin
INSTALLED := .venv/installed
# checkov pins an older botocore than ministack does.
CHECKOV := .venv-checkov/installed
# What the peers of the benchmarks need, nothing else does.
PEERS := .venv-benchmarks/installed
OLD_CLIENT := .venv/messagebird-1.4.1
WORKERS ?= 2

version_of = $(shell $(1) -c 'import sys; print(sys.version)' 2>/dev/null)

# A .venv goes when its Python is gone, or is another than the one that is asked for by name.
ifneq ($(wildcard $(INSTALLED)),)
ifneq ($(filter command environment,$(origin PYTHON))$(if $(realpath $(BIN)/python),,gone),)
ifneq ($(call version_of,$(PYTHON)),$(call version_of,$(BIN)/python))
OTHER_PYTHON := Python $(or $(firstword $(call version_of,$(BIN)/python)),that is gone)
$(INSTALLED): of-another-python
endif
endif
endif

.DEFAULT_GOAL := help
.PHONY: help install dev credential test test-full coverage test-dynamodb-local test-debian dynamodb-local check format lock audit \
        mutants scaling bench bench-quick package rehearse deploy destroy clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'

.PHONY: of-another-python
of-another-python:

install: $(INSTALLED)  ## Install everything into .venv, pinned (the other targets do it too)

$(INSTALLED): requirements-dev.txt pyproject.toml
	@command -v '$(PYTHON)' >/dev/null || { echo 'There is no $(PYTHON) here: try make PYTHON=python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("The phonebook needs Python 3.11 or newer, and $(PYTHON) is %d.%d: try make PYTHON=python3.11" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'This Python cannot make virtual environments: install its venv package (Debian: apt install python3-venv).' >&2; exit 1; }
	@$(if $(OTHER_PYTHON),echo 'The .venv here is of $(OTHER_PYTHON); it is made anew with $(PYTHON).')
	@echo 'Installing into .venv; once only, it takes about half a minute ...'
	@rm -rf .venv
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m infra.pins.install .venv requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(CHECKOV): infra/pins/requirements-checkov.txt $(INSTALLED)
	@echo 'Installing checkov into .venv-checkov; once only ...'
	@rm -rf .venv-checkov
	@$(BIN)/python -m venv .venv-checkov
	@$(BIN)/python -m infra.pins.install .venv-checkov $<
	@touch $@

$(PEERS): benchmarks/requirements.txt $(INSTALLED)
	@echo 'Installing what the benchmarks need into .venv-benchmarks; once only ...'
	@rm -rf .venv-benchmarks
	@$(BIN)/python -m venv .venv-benchmarks
	@$(BIN)/python -m infra.pins.install .venv-benchmarks $<
	@touch $@

dev: $(INSTALLED)  ## Run the phonebook here until Ctrl-C (PORT, DATA_DIR, PURGE_SECONDS; DEMO=1000 people)
	@exec $(BIN)/python -m infra.local.dev --port '$(PORT)' --data-dir '$(DATA_DIR)' --purge-seconds '$(PURGE_SECONDS)' --people '$(DEMO)'

credential: $(INSTALLED)  ## Print again where make dev answers, for whom, and what to paste (DATA_DIR)
	@$(BIN)/python -m infra.local.demo --show '$(DATA_DIR)/dev.json'

test: what-test-does check $(CHECKOV) $(OLD_CLIENT) $(PEERS)  ## Check, and run every test but the long ones
	@echo 'Running the tests ...'
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile

.PHONY: what-test-does
what-test-does:
	@echo 'make test checks format, lint, types and import rules, and runs every test but the long ones'
	@echo '($(WORKERS) at a time, WORKERS=n for others).'
	@command -v curl >/dev/null || echo 'There is no curl here: Python sends the requests of the documents instead.'
	@command -v npm >/dev/null || echo 'There is no npm here: no receiver in JavaScript verifies messages of webhooks.'
	@command -v chromium >/dev/null || echo 'There is no Chromium here: the stories of the console in a browser are left out.'

coverage: check $(CHECKOV) $(OLD_CLIENT) $(PEERS)  ## Run every test but the long ones, and say which lines none reaches
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --cov

test-full: check $(CHECKOV) $(OLD_CLIENT) $(PEERS)  ## Run every test at its full size (about ten minutes more)
	@PHONEBOOK_TEST_FULL=1 $(BIN)/pytest -n $(WORKERS) --dist loadfile

$(OLD_CLIENT): tests/contract/requirements-messagebird-1.txt $(INSTALLED)
	@rm -rf $@
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --target $@ -r $<

test-dynamodb-local: $(INSTALLED) dynamodb-local  ## Run the storage tests on DynamoDB Local (npm, Java 17)
	@ENGINE=dynamodb-local $(BIN)/pytest -n $(WORKERS) --dist loadfile tests/storage

test-debian:  ## Try make dev and make test in a bare Debian 12 (root, debootstrap; half an hour)
	@tests/e2e/in_debian.sh

dynamodb-local: $(INSTALLED)  ## Fetch DynamoDB Local from npm, under Amazon's licence
	@$(BIN)/python -c 'from infra.local.engine import install_dynamodb_local as install; install()'

check: $(INSTALLED)  ## Check format, lint, types and import rules
	@echo 'Checking format, lint, types and import rules ...'
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@report=$$($(BIN)/lint-imports --no-logo) || { echo "$$report"; exit 1; }

format: $(INSTALLED)  ## Format the code, mend what lint can mend, and fail if more is left
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet .

lock: $(INSTALLED)  ## Pin the dependencies anew, after a change of pyproject.toml
	@$(BIN)/python -m infra.pins.lock
	@$(MAKE) --no-print-directory install
	@$(BIN)/python -m infra.pins.service_model

audit: $(INSTALLED)  ## Look up every pin among the vulnerabilities that are known
	@$(BIN)/python -m infra.pins.audit

mutants: $(INSTALLED)  ## Change the code in small ways, and say which changes no test notices (AREAS: some, not kept)
	@$(BIN)/python -m tests.mutants $(AREAS)

scaling: $(INSTALLED)  ## Print the tables of docs/scaling.md (WRITE=1 puts them there)
	@$(BIN)/python -m growth $(if $(WRITE),docs/scaling.md)

bench: $(INSTALLED) $(PEERS) dynamodb-local  ## Measure all beside its peers and keep it, in ten minutes (SUBJECTS: some, not kept)
	@$(BIN)/python -m benchmarks $(or $(SUBJECTS),--write)

bench-quick: $(INSTALLED) $(PEERS)  ## Assert what can be counted of it, in less than a minute
	@echo 'Counting what can be counted of the benchmarks ...'
	@$(BIN)/python -m benchmarks --quick $(SUBJECTS)

package: $(INSTALLED)  ## Package the Lambdas and the stack of STAGE into build/
	@$(BIN)/python -m infra.aws.package --stage '$(STAGE)'

rehearse: $(INSTALLED) $(OLD_CLIENT)  ## Deploy the packaged stack to an embedded AWS and try all of it (KEEP=1 leaves it running)
	@$(if $(KEEP),exec $(BIN)/python -m infra.rehearsal,$(BIN)/pytest tests/e2e/test_rehearsal.py)

deploy: export SET := $(value SET)
deploy: $(INSTALLED)  ## Deploy STAGE to your AWS account (SET='Parameter=value ...'; YES=1 asks nothing)
	@$(BIN)/python -m infra.aws.deploy deploy --stage '$(STAGE)' $(if $(YES),--yes) --set "$$SET"

destroy: $(INSTALLED)  ## Delete STAGE from your AWS account, but not its table (DELETE_TABLE=1)
	@$(BIN)/python -m infra.aws.deploy destroy --stage '$(STAGE)' $(if $(YES),--yes) $(if $(DELETE_TABLE),--delete-table)

clean:  ## Remove everything that make made, but not the data of make dev
	@rm -rf .venv .venv-checkov .venv-benchmarks .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis .import_linter_cache .coverage .coverage.* build phonebook.egg-info .dynamodb-local
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
