# One command each; `make` alone lists them. All of them work from a bare checkout.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
# Every process of the demo would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

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

MARKS ?= not slow and not bench

test: setup-dev ## the whole test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "$(MARKS)" $(ARGS)

test-slow: setup-dev ## the long campaigns
	@$(BIN)/python -m pytest -m slow $(ARGS)

# What `check` needs from the environment: production's settings, and no server.
PRODUCTION := env -u DEBUG -u OMS_DEMO -u OMS_LOCAL OMS_PROCESS=web ALLOWED_HOSTS=oms.example.com \
	SECRET_KEY=for-the-checks-only-and-never-used-anywhere-else-0123456789 BEHIND_PROXY=1 \
	DATABASE_URL=postgres://checks@127.0.0.1:1/checks REDIS_URL=redis://127.0.0.1:1/0 \
	EMAIL_URL=smtp://127.0.0.1:1

check: setup-dev ## format, rules, types, layers, templates, migrations, deployment
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(PRODUCTION) $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/codespell
	$(PRODUCTION) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: setup ## measure, print a table, write JSON
	@$(BIN)/python -m bench $(ARGS)
