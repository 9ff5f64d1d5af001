# make demo | test | test-gpu | lint | format | clean. Needs Python 3.11+, bash and make; everything else goes into .venv.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test test-gpu lint format clean

demo: $(VENV)/.run
	scripts/demo "$(BIN)" demo_out

test: $(VENV)/.dev
	scripts/install-system-packages
	$(MAKE) --no-print-directory lint
	$(BIN)/pytest -n 2

# On a machine with an NVIDIA GPU, its driver, the CUDA 12 toolkit and a C++ compiler (pycuda is built here: docs/gpu.md);
# the packages (some GB) go into a folder of their own.
test-gpu:
	$(MAKE) --no-print-directory VENV=.venv-gpu .venv-gpu/.gpu
	.venv-gpu/bin/pytest -m gpu tests/cuda tests/gpu tests/backends

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another one with: make PYTHON=/path/to/python3") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

# What the commands need.
$(VENV)/.run: pyproject.toml | $(BIN)/python
	scripts/install-package "$(BIN)/python" .
	touch $@

# The same with what the tests and the linters need, among it 238 MB with which the GPU path is tested as far as
# that goes without a GPU. Training's torch is in neither.
$(VENV)/.dev: pyproject.toml | $(BIN)/python
	scripts/install-package "$(BIN)/python" ".[dev,onnx,sql,gputest]"
	touch $@ $(VENV)/.run

$(VENV)/.gpu: pyproject.toml | $(BIN)/python
	scripts/install-package "$(BIN)/python" ".[dev,sql,gpu,cuda]"
	touch $@

clean:
	rm -rf $(VENV) .venv-gpu demo_out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
