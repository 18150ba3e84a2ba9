# Thin: it makes the environment and calls the command line, where everything is decided.
CONFIG ?= configs/simulated.toml
RUN ?= runs/$(basename $(notdir $(CONFIG)))
DATA ?= simulated
LIMIT ?=
LANES ?=
TAPS ?=
INPUTS ?=
DEVICE ?= ecp5-85k
SEEDS ?= 5
PYTHON ?= python3
WORKERS ?= 2
BENCH_DATA ?= ../shared/data/nmnist_small/Train
BENCH_RUN ?=
GESTURE_DATA ?= ../shared/data/dvs_gesture_few

BUILD = $(RUN)/build
BIN := .venv/bin
READY := .venv/.setup
STARTED := .venv/.unfinished
QKERAS := .venv-qkeras
SPIKER := .venv-spiker
limit = $(if $(LIMIT),--limit $(LIMIT))
lanes = $(if $(LANES),--lanes $(LANES)) $(if $(TAPS),--taps $(TAPS)) $(if $(INPUTS),--inputs $(INPUTS))
bench_run = $(if $(BENCH_RUN),--run '$(BENCH_RUN)')

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-qkeras setup-spiker demo train hls csim sim report synth test test-qkeras bench bench-gesture bench-folds bench-spiker lint golden clean

# Before anything starts, and at no cost to those who only read the help.
ifneq ($(filter-out help clean,$(MAKECMDGOALS)),)
found = $(shell command -v $(1) 2>/dev/null)
missing := $(strip $(foreach tool,g++ perl $(PYTHON),$(if $(call found,$(tool)),,$(tool))))
ifneq ($(missing),)
$(error missing: $(missing); to install on Debian or Ubuntu: apt install g++ perl python3 python3-venv)
endif
ifneq ($(shell $(PYTHON) -c 'import sys, venv, ensurepip; print(sys.version_info >= (3, 11))' 2>/dev/null),True)
$(error $(PYTHON) is not Python 3.11 or later with venv; apt install python3-venv, or name one: make PYTHON=python3.12)
endif
endif

help:  ## this text
	@echo "razorsnn: from recorded events to a verified accelerator. Start with: make demo"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo "Variables:"
	@echo "  CONFIG=$(CONFIG)   settings"
	@echo "  RUN=$(RUN)   folder for all results; the accelerator goes to its folder build/"
	@echo "  DATA=$(DATA)   folder of recordings, or: simulated"
	@echo "  LIMIT=$(LIMIT)   windows to simulate; empty: all unseen ones   LANES=$(LANES) TAPS=$(TAPS) INPUTS=$(INPUTS)   output channels, outputs and events at once; empty: as in CONFIG"
	@echo "  DEVICE=$(DEVICE)   SEEDS=$(SEEDS)   of make synth: device, placements whose median counts"
	@echo "  BENCH_DATA=$(BENCH_DATA)   N-MNIST recordings for the bench   BENCH_RUN=$(BENCH_RUN)   trained net; empty: a random one"
	@echo "  GESTURE_DATA=$(GESTURE_DATA)   DVS128 Gesture excerpts for make bench-gesture"
	@echo "  PYTHON=$(PYTHON)   Python 3.11 or later   WORKERS=$(WORKERS)   processes of make test"

setup: $(READY)  ## make the virtual environment .venv with all tools

# An interrupted pip can leave a package that looks installed, so what was not finished is made afresh.
$(READY): pyproject.toml constraints.txt
	@if [ -e $(STARTED) ]; then echo "The last setup did not finish: starting over."; rm -rf .venv; fi
	@mkdir -p .venv && touch $(STARTED)
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -c constraints.txt -e '.[dev]'
	@mv $(STARTED) $@ && touch $@

setup-qkeras: $(QKERAS)/.setup  ## make .venv-qkeras, which reads QKeras models: 1.5 GB, Python up to 3.11

# Without .setup it was not finished, and is made afresh.
$(QKERAS)/.setup: requirements-qkeras.txt
	rm -rf $(QKERAS)
	$(PYTHON) -m venv $(QKERAS)
	$(QKERAS)/bin/python -m pip install -r requirements-qkeras.txt
	@touch $@

setup-spiker: $(SPIKER)/.setup  ## make .venv-spiker, which generates Spiker+'s VHDL: torch again

$(SPIKER)/.setup: requirements-spiker.txt
	rm -rf $(SPIKER)
	$(PYTHON) -m venv $(SPIKER)
	$(SPIKER)/bin/python -m pip install -c constraints.txt -r requirements-spiker.txt
	@touch $@

demo: train hls csim sim report  ## all of it, once: train, write the accelerator, prove it equal, report

train: setup  ## train on DATA with CONFIG; goes on where it was interrupted
	$(BIN)/razorsnn train --data '$(DATA)' --run '$(RUN)' --config '$(CONFIG)' --resume

hls: setup  ## write the accelerator: HLS C++ and RTL
	$(BIN)/razorsnn generate '$(RUN)' --out '$(BUILD)' --target all $(lanes)

csim: setup  ## run the HLS C++ with g++ and compare it with the reference
	$(BIN)/razorsnn simulate '$(BUILD)' --data '$(DATA)' --target hls $(limit)

sim: setup  ## run the RTL with cocotb on Verilator and compare it with the reference
	$(BIN)/razorsnn simulate '$(BUILD)' --data '$(DATA)' --target rtl $(limit)

report: setup  ## write the report, one HTML file
	$(BIN)/razorsnn report '$(BUILD)'

synth: setup  ## area and clock of the RTL on DEVICE, and its area on UltraScale+, with Yosys and nextpnr
	$(BIN)/razorsnn synthesise '$(BUILD)' --device ultrascale+ --top-only
	$(BIN)/razorsnn synthesise '$(BUILD)' --device '$(DEVICE)' --seeds $(SEEDS)

test: setup  ## run the tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test-qkeras: setup setup-qkeras  ## compare imported QKeras models with QKeras itself
	$(BIN)/python -m pytest -m qkeras -s tests/interop

bench: setup  ## cycles against the fewest possible, and speed: build/bench/results.json
	$(BIN)/python -m benchmarks.bench --data '$(BENCH_DATA)' $(bench_run)
	$(BIN)/python -m benchmarks.bench --data '$(BENCH_DATA)' $(bench_run) --taps 4
	$(BIN)/python -m benchmarks.bench --data '$(BENCH_DATA)' $(bench_run) --taps 9
	$(BIN)/python -m benchmarks.density --data '$(BENCH_DATA)' $(bench_run)
	$(BIN)/python -m benchmarks.speed --data '$(BENCH_DATA)' $(bench_run)

bench-gesture: setup  ## the paper's Gesture network at T = 60: device, cycles, one whole window in RTL
	$(BIN)/python -m benchmarks.gesture --data '$(GESTURE_DATA)' --simulate

bench-folds: setup  ## five trainings: accuracy and cycles with each recording unseen once; an hour
	$(BIN)/python -m benchmarks.folds --data '$(BENCH_DATA)'

bench-spiker: setup setup-spiker  ## against Spiker+, a generator of spiking FPGA cores: needs ghdl (apt)
	$(BIN)/python -m benchmarks.spiker --data '$(BENCH_DATA)'

lint: setup  ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: setup  ## rewrite the golden files of the tests; review the difference
	$(BIN)/python -m pytest --rewrite-golden

clean:  ## remove the generated accelerator and caches; trained runs and environments stay
	rm -rf '$(BUILD)' build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
