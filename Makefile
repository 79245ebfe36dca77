# Two commands for a fresh machine: `make demo` and `make test`. Both can be run again.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# tensorflow-cpu is half the download, where it has wheels
BACKEND := $(if $(filter Linux-x86_64,$(shell uname -sm | tr ' ' -)),tensorflow-cpu,tensorflow)
DEMO := demo
# One process for each core, at most four; a file's tests stay together, so that they share what they train
PYTEST := $(BIN)/pytest --numprocesses $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 4 ? n : 4))) --dist loadfile

.PHONY: help demo lint check test torch bench clean

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/.user: pyproject.toml
	@echo "== Setting up $(VENV) (Keras, $(BACKEND), ONNX and what they need) =="
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[$(BACKEND),onnx]'
	touch $@

$(VENV)/.developer: pyproject.toml $(VENV)/.user
	@echo "== Setting up the tools of the tests, and JAX as a second backend =="
	$(BIN)/python -m pip install --quiet --editable '.[$(BACKEND),jax,onnx,openvino,litert,serve]' --group dev
	if ! command -v chromium chromium-browser google-chrome >/dev/null && command -v apt-get >/dev/null; then
	  echo "== Installing Chromium, in which the tests look at pages =="
	  root=$$([ "$$(id -u)" = 0 ] || echo sudo)
	  $$root apt-get update -qq
	  $$root apt-get install -y -qq --no-install-recommends chromium >/dev/null
	fi
	touch $@

demo: $(VENV)/.user  ## Set up, then train, score, plot and predict on the real Fashion-MNIST (some minutes, most of them setting up)
	@echo "== 1/3  Look at the data =="
	$(BIN)/tellapart inspect fashion-mnist --output $(DEMO)/fashion-mnist.png
	echo "== 2/3  Train recipe fast, score it, draw its curves =="
	$(BIN)/tellapart train fashion-mnist --output $(DEMO)/runs
	echo "== 3/3  Ask it about pictures =="
	run=$$(ls -td $(DEMO)/runs/*/ | head -n 1)
	$(BIN)/tellapart predict "$${run}model.tellapart" examples/pictures

lint: $(VENV)/.developer  ## Format, lint, types, import layers
	@echo "== Format, lint, types, layers =="
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint  ## The same, and all quick tests (a few minutes)
	@echo "== Quick tests =="
	$(PYTEST) -m 'not slow'

test: lint  ## Set up, then run every check and every test, on TensorFlow and on JAX
	@echo "== The core's tests on JAX =="
	KERAS_BACKEND=jax $(PYTEST) -m 'core and not slow'
	echo "== All tests on TensorFlow =="
	KERAS_BACKEND=tensorflow $(PYTEST)

torch: $(VENV)/.developer  ## The core's tests on PyTorch as well, which is 3 GB more to download
	@echo "== Setting up PyTorch =="
	$(BIN)/python -m pip install --quiet --editable '.[torch]'
	echo "== The core's tests on PyTorch =="
	KERAS_BACKEND=torch $(PYTEST) -m 'core and not slow'

bench: $(VENV)/.developer  ## Every benchmark, interleaved with its baseline: one table, JSON beside it (under 20 minutes)
	$(BIN)/python benchmarks/all.py

clean:  ## Remove what the other targets made (runs of your own stay)
	rm -rf $(VENV) $(DEMO) .mypy_cache .ruff_cache .pytest_cache .hypothesis
