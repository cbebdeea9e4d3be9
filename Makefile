# `make summary` and `make test` do all the set-up on a fresh machine: they need Python 3.11 or later.
PYTHON ?= python3
PIP := .venv/bin/python -m pip --quiet --disable-pip-version-check install -c envs/constraints.txt
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: summary test check format manual

summary: .venv/ready  ## the table of the shipped sample
	snakemake --cores 1 results/summary.md

test: .venv/ready-dev  ## all tests
	pytest

check: .venv/ready-dev  ## lint and format checks
	ruff check .
	ruff format --check .
	snakefmt --check .
	snakemake --lint

format: .venv/ready-dev  ## format the code
	ruff check --fix .
	ruff format .
	snakefmt .

manual: .venv/ready  ## the generated parts of config/
	PYTHONPATH=workflow python -m whosaid.config_manual

.venv/ready: envs/requirements.txt envs/constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) -r envs/requirements.txt
	touch $@

.venv/ready-dev: .venv/ready envs/requirements_dev.txt
	$(PIP) -r envs/requirements_dev.txt
	touch $@
