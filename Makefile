# Everything runs in .venv; nothing is installed outside of it but the Debian packages of `make packages`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_ARGS ?=

.PHONY: help demo trainer test lint firmware packages bench demo-bundle docs clean

help:
	@echo "make demo       simulated belt, real pipeline: sorts 200 cucumbers (DEMO_ARGS='--items 50')"
	@echo "make trainer    installs sorter-train (TensorFlow and all)"
	@echo "make test       installs everything, then ruff, mypy and pytest"
	@echo "make lint       ruff and mypy only"
	@echo "make firmware   builds the firmware and the simulator's shim"
	@echo "make bench      measures every promise in numbers (make bench-training, bench-line: one of them)"
	@echo "make demo-bundle  renders photos and trains the shipped models anew"
	@echo "make docs       renders the pictures in docs/ anew"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "make: $(PYTHON) is not Python 3.10 to 3.13; run: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "make: cannot create $(VENV); run: sudo apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.device: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.all: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[train,dev]'
	@touch $@ $(VENV)/.trainer $(VENV)/.device

$(VENV)/.trainer: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[train]'
	@touch $@ $(VENV)/.device

trainer: $(VENV)/.trainer
	@echo "installed: $(BIN)/sorter-train"

demo: $(VENV)/.device
	$(BIN)/sorter demo $(DEMO_ARGS)

packages:
	deploy/packages.sh

firmware:
	$(MAKE) -C firmware_bridge/firmware
	@if $(BIN)/python -c 'import firmware_bridge' 2>/dev/null; \
	then $(BIN)/python -c "import sys; from benchmarks.board.memory import main; sys.exit(main())"; \
	else echo "worst stack: not measured, that takes .venv (make test)"; fi

lint: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: packages $(VENV)/.all lint
	@if command -v avr-gcc >/dev/null; then $(MAKE) firmware; fi
	$(BIN)/pytest

bench: $(VENV)/.all firmware
	$(BIN)/python -m benchmarks

bench-%: $(VENV)/.all firmware
	$(BIN)/python -m benchmarks $*

demo-bundle: $(VENV)/.all
	$(BIN)/python -m training.demo_bundle

docs: $(VENV)/.all
	$(BIN)/python docs/render_pictures.py

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	$(MAKE) -C firmware_bridge/firmware clean
