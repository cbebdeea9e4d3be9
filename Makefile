# `make summary` and `make test` set up a fresh machine. They need Python 3.11, 3.12 or 3.13.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install -c envs/constraints.txt

PAGES := results/summary.md results/report.html

.PHONY: summary plan best new ask predict export push bundle unbundle test test-all test-slow test-slurm check format manual rooms benchmark

summary: .venv/ready  ## the table of the shipped sample, and the report
	$(BIN)/snakemake --cores 1 $(PAGES)

plan: .venv/ready  ## what would run, and why
	$(BIN)/snakemake --cores 1 $(PAGES) -n

# make best [TRACK=D] [CONFIG="config/my_show.yaml config/context.yaml config/best.yaml"]
best: TRACK := B
best: CONFIG := config/office.yaml config/office_minilm.yaml config/context.yaml config/best.yaml
best: FIGURES = results/best/metrics/best_$(TRACK)/test.json
best: .venv/ready  ## the best recipe of one track with one seed, and what it gets on test
	$(BIN)/snakemake --cores 2 $(FIGURES) --configfile $(CONFIG) \
		--config 'defaults={training: {seeds: [42]}}'
	@PYTHONPATH=workflow $(BIN)/python -m whosaid.reporting.short_result $(FIGURES)

# Only what is typed counts: some systems have a variable NAME of their own.
typed = $(if $(findstring command,$(origin $(1))),$($(1)))
# The same for the shell, which finds it in the environment: so it may hold quotes.
given = "$(if $(call typed,$(1)),$${$(1)})"

# make new CSV=my_show.csv [NAME=my_show] [SPEAKER="Character"] [LINE="Dialogue"] [SEASON="..."]
#   [EPISODE="..."] [SCENE="..."] [ENCODING=cp1251]; CSV="my_show/*.csv" takes several files
new: .venv/ready  ## a first look at a file of lines, and a config for it
	@PYTHONPATH=workflow $(BIN)/python -m whosaid.reporting.new_experiment \
		--name=$(call given,NAME) --speaker=$(call given,SPEAKER) --line=$(call given,LINE) \
		--season=$(call given,SEASON) --episode=$(call given,EPISODE) \
		--scene=$(call given,SCENE) --encoding=$(call given,ENCODING) -- $(call given,CSV)

# make ask LINE="..." [VARIANT=tfidf] [CONFIG="config/my_show.yaml"] [WITH="directed_by=Ken Kwapis"]
ask: .venv/ready  ## who says this line, and how sure is each model?
	@PYTHONPATH=workflow $(BIN)/python -m whosaid.reporting.ask --line="$$LINE" \
		--variant=$(call given,VARIANT) --configfile $(call typed,CONFIG) \
		$(if $(call typed,WITH),--with=$(call given,WITH))

# make predict LINES=my_lines.csv [VARIANT=tfidf] [CONFIG="config/my_show.yaml"]
predict: .venv/ready  ## who says each line of a file, as Parquet and CSV
	@PYTHONPATH=workflow $(BIN)/python -m whosaid.reporting.predict_lines \
		--variant=$(call given,VARIANT) --configfile $(call typed,CONFIG) -- $(call given,LINES)

# make export VARIANT=basic_distilbert [SEED=42] [FORMAT=onnx] [CONFIG="config/my_show.yaml"]
# make push VARIANT=basic_distilbert REPO=user/name [PUBLIC=yes] [SEED=...] [FORMAT=...] [CONFIG=...]
chosen = --variant=$(call given,VARIANT) --seed=$(call given,SEED) \
	--format=$(call given,FORMAT) --configfile $(call typed,CONFIG)

export: .venv/ready  ## a folder with a trained model and its card, for people without whosaid
	@folder=$$(PYTHONPATH=workflow $(BIN)/python -m whosaid.reporting.export $(chosen)) && \
		$(BIN)/snakemake --cores 1 "$$folder" \
			$(if $(call typed,CONFIG),--configfile $(CONFIG)) && echo "$$folder"

push: export  ## upload such a folder to a repository on the hub, private if it is new
	@PYTHONPATH=workflow $(BIN)/python -m whosaid.reporting.push $(chosen) \
		--repo=$(call given,REPO) $(if $(filter yes,$(call typed,PUBLIC)),--public)

# make bundle [CONFIG="config/office.yaml"]; and where there is no network, with the same config,
# make unbundle BUNDLE=bundle.tar
bundle: .venv/ready  ## fetch encoders and NLTK's data, and pack them into one archive
	$(BIN)/snakemake pack_bundle --cores 1 $(if $(call typed,CONFIG),--configfile $(CONFIG))

unbundle: .venv/ready  ## unpack such an archive, so that nothing has to be fetched
	@PYTHONPATH=workflow $(BIN)/python -m whosaid.caching.bundle $(call given,BUNDLE)

test: .venv/ready-dev  ## the tests that take minutes
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow"

# Tests with a Slurm wait for it most of the time, so they run beside the others.
test-all: test  ## the same, then the slow tests, such as every fault in every stage
	$(MAKE) --jobs=2 --keep-going test-slow test-slurm

# A make within a test is not to be one of these two jobs.
test-slow: .venv/ready-dev
	MAKEFLAGS= $(BIN)/pytest -n 2 --dist worksteal -m "slow and not slurm"

test-slurm: .venv/ready-dev
	MAKEFLAGS= $(BIN)/pytest -m slurm

check: .venv/ready-dev  ## lint and format checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check .
	$(BIN)/snakemake --lint

format: .venv/ready-dev  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt .

benchmark: .venv/ready-dev  ## speed and memory, on the sample; tests/benchmarks/run.py has more
	$(BIN)/python tests/benchmarks/run.py

manual: .venv/ready  ## the generated parts of config/
	PYTHONPATH=workflow $(BIN)/python -m whosaid.config.manual

rooms: .venv/ready  ## the generated part of workflow/README.md
	PYTHONPATH=workflow $(BIN)/python tests/rooms.py

.venv/ready: envs/requirements.txt envs/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("whosaid needs Python 3.11 or later: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	$(PIP) -r envs/requirements.txt
	touch $@

.venv/ready-dev: .venv/ready envs/requirements_dev.txt envs/requirements_slurm.txt
	$(PIP) -r envs/requirements_dev.txt
	touch $@
