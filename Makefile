PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# The results of the demo are in Git, but for the large ones: the first run makes them all.
FIRST_RUN := $(if $(wildcard data/photos.csv),,--force)
PYTEST := python -m pytest --numprocesses 2 --max-worker-restart 0 --dist loadfile
INSTALL := python -m pip install --quiet --disable-pip-version-check --requirement
COMPILE := uv pip compile --quiet --upgrade --universal --python-version 3.10 \
	--custom-compile-command "make lock" --no-emit-index-url --no-emit-find-links

.PHONY: help run animals experiments test test-all check lock pictures bench bench-seeds bench-demo \
	bench-choosing bench-experiments bench-lookalikes bench-options bench-epochs bench-study

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/installed  ## install, then answer: which network is better on my photos?
	@dvc repro $(FIRST_RUN)
	@dvc metrics show metrics/custom.json metrics/transfer.json metrics/probe.json

animals: .venv/installed  ## the report's experiment on real photos (needs a network)
	@python -m demo.animals

experiments: .venv/installed  ## which experiment is best, and is it luck?
	@python -m experiments

test: .venv/dev-installed  ## install, then run the tests
	@$(PYTEST) --no-loadscope-reorder -m "not slow"

test-all: .venv/dev-installed .venv/app-installed  ## all tests, also slow ones (some need Chromium)
	@$(PYTEST)

check: .venv/dev-installed  ## linter, formatter, types, and whether dvc.lock is up to date
	@ruff check .
	@ruff format --check .
	@mypy
	@python -m tests.helpers.lock

lock: .venv/dev-installed  ## compile requirements.txt, -dev.txt and -app.txt from their .in
	@$(COMPILE) requirements.in --output-file requirements.txt
	@$(COMPILE) requirements-dev.in --output-file requirements-dev.txt
	@$(COMPILE) requirements-app.in --output-file requirements-app.txt

pictures: run .venv/dev-installed .venv/app-installed  ## the pictures of docs/ (needs Chromium)
	@python -m bench.pictures

bench: .venv/dev-installed  ## speed, memory, scale, bad photos and kills (REAL_PHOTOS, KERAS_HOME)
	@python -m bench

bench-seeds: .venv/dev-installed  ## accuracy on real photos over seeds (REAL_PHOTOS, KERAS_HOME)
	@python -m bench.seeds

bench-demo: .venv/dev-installed  ## accuracy on the demo over seeds
	@python -m bench.demo

bench-options: .venv/dev-installed  ## augmentation, fine-tuning (REAL_PHOTOS, KERAS_HOME)
	@python -m bench.options

bench-epochs: .venv/dev-installed  ## is the rule for finished trainings right (REAL_PHOTOS, KERAS_HOME)
	@python -m bench.epochs

bench-choosing: .venv/dev-installed  ## simulate choosing the best of many networks
	@python -m bench.choosing

bench-experiments: .venv/dev-installed  ## 30 experiments on real photos (REAL_PHOTOS, KERAS_HOME)
	@python -m bench.experiments

bench-lookalikes: .venv/dev-installed  ## edited copies found, unlike pictures merged (REAL_PHOTOS)
	@python -m bench.lookalikes

bench-study: .venv/dev-installed  ## the study: its time and memory (REAL_PHOTOS, KERAS_HOME)
	@python -m bench.study

.venv/installed: requirements.txt
	@echo "Installing the packages of requirements.txt into .venv (2.5 GB) ..."
	@$(PYTHON) -m venv .venv
	@$(INSTALL) requirements.txt
	@touch $@

.venv/dev-installed: .venv/installed requirements-dev.txt
	@$(INSTALL) requirements-dev.txt
	@touch $@

.venv/app-installed: .venv/installed requirements-app.txt
	@$(INSTALL) requirements-app.txt
	@touch $@
