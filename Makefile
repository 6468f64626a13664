PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)

LOCKED := --quiet --upgrade --universal --python-version 3.10 \
	--custom-compile-command "make lock" --no-emit-index-url --no-emit-find-links

.PHONY: run test check bench demo-seeds page sheet seeds options study lock

run: .venv/installed  ## set up, and answer: which network is better on my photos?
	@python -c "from stages import parameters as p, photos; f = p.read().photos; p.is_rendered(f) or photos.find(f)"
	@dvc repro
	@dvc metrics show metrics/custom.json metrics/transfer.json metrics/model.json

test: .venv/demo-installed  ## set up, and run all tests
	@python -m pytest --numprocesses 2 --max-worker-restart 0 --dist loadfile --no-loadscope-reorder

check: .venv/installed  ## what CI checks besides the tests
	@ruff check .
	@ruff format --check .

bench: .venv/installed  ## speed, memory, scale, bad photos and kills in one table (REAL_PHOTOS, KERAS_HOME)
	@python -m bench

demo-seeds: .venv/installed  ## the accuracy of both networks on the demo's pictures, over seeds
	@python -m bench.demo

page: run .venv/demo-installed  ## the README's pictures of the pages, of the demo (needs Chromium)
	@python -m bench.page

sheet: .venv/installed  ## the README's drawn animals
	@python -m bench.sheet

seeds: .venv/installed  ## the accuracy of both networks over seeds (REAL_PHOTOS, KERAS_HOME)
	@python -m bench.seeds

options: .venv/installed  ## augmentation and fine-tuning on real photos (REAL_PHOTOS, KERAS_HOME)
	@python -m bench.options

study: .venv/installed  ## the study on real photos, its time and memory (REAL_PHOTOS, KERAS_HOME)
	@python -m bench.study

lock: .venv/installed  ## compile requirements.txt, and requirements-demo.txt with its versions
	@uv pip compile requirements.in --output-file requirements.txt $(LOCKED)
	@printf "pillow\ntomlkit\n" | uv pip compile requirements-demo.in $(LOCKED) \
		--output-file requirements-demo.txt --constraint requirements.txt --override /dev/stdin

.venv/installed: requirements.txt
	@echo "Installing the packages of requirements.txt into .venv (about 2.5 GB) ..."
	@$(PYTHON) -m venv .venv
	@python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

.venv/demo-installed: .venv/installed requirements-demo.txt
	@echo "Installing the packages of requirements-demo.txt ..."
	@python -m pip install --quiet --disable-pip-version-check --no-deps \
		--requirement requirements-demo.txt
	@touch $@
