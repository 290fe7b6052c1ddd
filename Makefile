# make demo    a shop, a bridge and a wallet on this machine   (PORT=9000 moves all ports, FRESH=1 forgets earlier runs)
# make test    every test
# make help    the rest

PYTHON ?= python3
PORT ?= 8080
BRIDGE := .venv/bin/bridge

.PHONY: help demo demo-check format lint openapi test bench soak clean

help:
	@echo "make demo         run a shop, a bridge and a wallet on this machine; PORT=9000 moves all ports"
	@echo "make demo-check   play the demo's whole story without a browser; exit 0 or 1"
	@echo "make format       write the Python files as ruff does"
	@echo "make lint         look for mistakes without running anything: ruff, mypy --strict"
	@echo "make openapi      write the snapshot of the API anew; BREAKING=\"why\" where that breaks callers"
	@echo "make test         make lint, then run every test; TESTS=tests/unit runs a part"
	@echo "make bench        measure speed beside a bare server on this machine"
	@echo "make soak         an hour of traffic, faults and kills on two nodes, then the books; MINUTES=5"
	@echo "make clean        remove what these commands made"

demo: .venv/service
	@$(BRIDGE) demo --port $(PORT) $(if $(FRESH),--fresh)

demo-check: .venv/service
	@$(BRIDGE) demo-check

lint: .venv/tests
	@.venv/bin/ruff format --quiet --check bridge adapters tests || { echo "lint: run make format"; exit 1; }
	@.venv/bin/ruff check --quiet bridge adapters tests
	@.venv/bin/mypy bridge adapters

format: .venv/tests
	@.venv/bin/ruff format bridge adapters tests
	@.venv/bin/ruff check --quiet --fix bridge adapters tests

openapi: .venv/tests
	@.venv/bin/python tests/contract/openapi_snapshot.py $(BREAKING)

test: lint
	@.venv/bin/python -m pytest -n logical --dist worksteal $(TESTS)

bench: .venv/tests
	@.venv/bin/python -m tests.bench

soak: .venv/tests
	@.venv/bin/python -m tests.soak --minutes $(or $(MINUTES),60)

.venv/service: pyproject.toml requirements.lock .ci/prepare
	@PYTHON=$(PYTHON) .ci/prepare service

.venv/tests: .venv/service
	@PYTHON=$(PYTHON) .ci/prepare tests

clean:
	rm -rf .venv .demo .hypothesis .schemathesis .mypy_cache .ruff_cache
