# `make` alone lists the targets. Each can be run again; what is done already is not done twice.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check screenshots bench test-model test-faults clean
export HEADLESS PYTHON

SETUP := sh scripts/setup.sh
# The tests of a file stay together; more at once would wait for each other's containers. In the order of their
# folders the slow files come first, so that none is left alone at the end.
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder
BIN := .venv/bin

help:
	@sed -n 's/^## //p' Makefile

## make demo         set everything up, then play the scripted demo in a real sandbox, with or without Docker (HEADLESS=1: no terminal, no questions)
demo:
	@$(SETUP) start run sandbox times
	@$(BIN)/lis-tui demo $(if $(filter 1,$(HEADLESS)),--headless)

## make test         set up what is missing, then run the tests; docker tests are skipped, with the reason, without an engine
test: setup
	@$(BIN)/pytest $(SIDE_BY_SIDE)

## make check        what CI runs: ruff, mypy, import contracts, tests, the slow ones too
check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/pytest $(SIDE_BY_SIDE) --slow --durations=40 --durations-min=3

## make setup        the environment, the engine, the image and bubblewrap, as far as this machine allows
setup:
	@$(SETUP) start python
	@$(SETUP) engine image || echo "setup: without them the docker tests are skipped"
	@$(SETUP) embedded || echo "setup: without that the tests of the embedded sandbox are skipped"
	@$(SETUP) times

## make screenshots  draw the pictures of the README from a recorded run
screenshots:
	@$(SETUP) python
	@$(BIN)/python -m tests.screenshots

## make bench        measure against the peer, which is installed in .venv-peer
bench: setup
	@$(BIN)/python -m bench

## make test-model   a small real model (compiled and installed in .venv-model) works in a real sandbox
test-model:
	@$(SETUP) start python engine image model times
	@$(BIN)/python -m tests.real_model

## make test-faults hurt hundreds of runs: kill -9, engine restarts, full disks (half an hour; SHARE=0.1: a tenth)
test-faults: setup
	@$(BIN)/python -m tests.faults --share $(or $(SHARE),1)

## make clean        remove what the other targets made here; images and packages of the system stay
clean:
	rm -rf .venv .venv-model .venv-peer .setup dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
