# Two commands do everything:   make run    and   make test
# They need Python 3.11 or newer and make; nothing else is installed outside .venv.

PYTHON ?= python3
VENV   := .venv
REPORT := report/toyvoc
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

# The wheel index from which torch is taken: what the environment has it from, empty for pip's own.
KNOWN  := $(shell cat $(VENV)/.index 2>/dev/null)
INDEX  := $(KNOWN)

.PHONY: run test pythons bench models checkpoint sample site clean help

help:
	@echo "make run         install into .venv, run everything on ToyVOC, print the report's path"
	@echo "make test        ruff, the type checker, the import contracts, the course's own examination and the whole test suite"
	@echo "make pythons     make run and make test with every Python from 3.11 that is on the PATH or under pyenv"
	@echo "make bench       Grad-CAM's speed beside a plain forward, captum, torchcam and grad-cam"
	@echo "make models      try the choice of the layer on every network of torchvision and many of timm's (an hour)"
	@echo "make checkpoint  train the embedded classifier again (minutes on 2 cores)"
	@echo "make sample      render report/sample/ again, and write the figures that are quoted from it anew"
	@echo "make site        write the course as a website into report/site/: lessons, pages, Python interface, sample report, tables"
	@echo "make clean       remove .venv, .pythons and everything that was computed"
	@echo
	@echo "make run INDEX=URL takes torch from another wheel index, such as PyTorch's own of CPU wheels; so does make test."

run: $(VENV)/.installed
	@$(BIN)/gradcam-lab run-all --out $(REPORT) || test $$? -eq 3  # 3: everything is there but the PDF, and a line says why

test: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/gradcam-lab verify
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

# Each in its own environment, which takes up to 5 GB: .pythons/VERSION.
pythons:
	@$(PYTHON) scripts/pythons.py

bench: $(VENV)/.installed-test
	$(BIN)/python -m tests.bench

# Interrupted, it goes on where it stopped; what it writes is the table of `gradcam-lab models`.
models: $(VENV)/.installed-test
	$(BIN)/python -m tests.models.layers.try_networks

checkpoint: $(VENV)/.installed
	$(BIN)/gradcam-lab train --data toyvoc --out gradcam_lab/models/weights/toyvoc.safetensors
	$(BIN)/gradcam-lab run-all --out $(REPORT)
	$(BIN)/gradcam-lab sweep --run $(REPORT) --keep-in gradcam_lab/models/weights/toyvoc.safetensors

sample: $(VENV)/.installed
	$(BIN)/gradcam-lab run-all --out $(REPORT)
	$(BIN)/python -m gradcam_lab.report.sample $(REPORT) report/sample
	$(BIN)/python -m gradcam_lab.report.quotes report/sample README.md lessons/pages/*.md lessons/checks/*.answers.md

site: $(VENV)/.installed
	@rm -rf report/site
	@$(BIN)/gradcam-lab read --all --out report/site --no-open

clean:
	rm -rf $(VENV) .pythons $(REPORT) report/site .pytest_cache .mypy_cache .ruff_cache .hypothesis

# One stamp per set of packages: a second run finds it newer than what it was made from and installs nothing.
# Another INDEX than the one that it knows is a reason to run again.
$(VENV)/.installed: pyproject.toml constraints.txt $(if $(filter-out =$(KNOWN),=$(INDEX)),another-index)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "gradcam-lab needs Python 3.11 or newer, and '$(PYTHON)' is older or missing: try 'make PYTHON=python3.11 $(MAKECMDGOALS)'."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python scripts/torch_build.py $(INDEX)
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(PIP) install --quiet --constraint constraints.txt --editable '.[test]'
	$(PIP) install --quiet --constraint constraints.txt --no-deps axe-playwright-python  # for its axe-core alone
	@touch $@

.PHONY: another-index
another-index:
