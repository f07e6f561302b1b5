# One command each; `make` alone lists them. All of them work from a bare checkout.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo reset test test-slow check bench python

help:
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	{ echo 'Python 3.11 or newer is needed as "$(PYTHON)": install python3, or name another one with make PYTHON=...' >&2; exit 1; }

setup: python ## set-up alone: packages, libraries
	@$(PYTHON) oms/bootstrap.py run

setup-dev: python ## the same with the tools for tests and checks
	@$(PYTHON) oms/bootstrap.py dev

demo: setup ## everything running with demo data (HOST=... PORT=...)
	@exec $(BIN)/python -m oms.supervisor demo --host '$(HOST)' --port '$(PORT)'

reset: python ## remove all data of this checkout
	@$(PYTHON) oms/bootstrap.py reset

test: setup-dev ## the whole test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not slow and not bench' $(ARGS)

test-slow: setup-dev ## the long campaigns
	@$(BIN)/python -m pytest -m slow $(ARGS)

check: setup-dev ## format, rules, types, layers, templates, migrations, deployment
	@$(BIN)/python -m oms.checks

bench: setup ## measure, print a table, write JSON
	@$(BIN)/python -m bench $(ARGS)
