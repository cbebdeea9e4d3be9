# What the rules share: the checked config, the params of a stage, and which files a stage reads.

import os
import sys
from pathlib import Path

# Scripts import the package too, on whatever node they run: each run parses this file first.
sys.path.insert(0, f"{workflow.basedir}/workflow")
os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, [sys.path[0], os.getenv("PYTHONPATH")])))

from whosaid.config import ConfigError, check_corpus, parse_config
from whosaid.config_files import read_config_file
from whosaid.encoder_files import encoder_files
from whosaid.manifest import sha256
from whosaid.settings import settings_text
from whosaid.splits import SPLITS
from whosaid.staleness import code_text
from whosaid import targets

# Snakemake lists the files of --configfile first and the workflow's own last.
*overlays, base = map(str, workflow.configfiles)
sources = {}
try:
    for path in (base, *overlays):
        sources[path] = read_config_file(path)
    sources["--config"] = workflow.config_settings.config or {}
    CONFIG = parse_config(config)
    # Checked here and not in an input function: Snakemake takes one that fails for a rule that
    # cannot make its output, and an older results/summary.md would then pass for finished.
    check_corpus(CONFIG)
except ConfigError as error:
    sys.exit(error.report(sources))  # without the traceback of a WorkflowError


def variants_with(*classifiers):
    """A pattern of the variants with one of these classifiers; it fits nothing if there is none."""
    names = [name for name, spec in CONFIG.variants.items() if spec.classifier in classifiers]
    return "|".join(names) or "(?!)"


wildcard_constraints:
    experiment=CONFIG.experiment,
    variant=variants_with("encoder", "linear"),
    encoder="|".join(CONFIG.encoders),
    split="|".join(SPLITS),
    seed=r"\d+",


def settings_of(stage):
    """A params function: what the stage takes from the config, as one text."""
    return lambda wildcards: settings_text(CONFIG, stage, wildcards)


def corpus_digest(wildcards):
    """The SHA-256 of the CSV: of the user's own file no modification time is trusted."""
    return sha256(Path(CONFIG.corpus.csv))


def punkt_data(wildcards):
    """NLTK's sentence data, if the variant counts words after splitting sentences."""
    counts_words = CONFIG.variants[wildcards.variant].min_words is not None
    return "data/nltk_data" if counts_words and CONFIG.corpus.word_tokenizer == "punkt" else []


def encoder_source(wildcards):
    """What an encoder is made from: the corpus' lines, the files of a local folder, or nothing."""
    source = CONFIG.encoders[wildcards.encoder]
    if source.scratch is not None:
        return {"lines": f"data/{wildcards.experiment}/lines.parquet"}
    return {"files": encoder_files(source.path)} if source.path is not None else {}


def encoder_digests(wildcards):
    """The SHA-256 of a local encoder's files, of which no modification time is trusted either."""
    return [sha256(Path(file)) for file in encoder_source(wildcards).get("files", [])]


def encoder_folder(wildcards):
    """The folder of the variant's encoder."""
    return f"data/{wildcards.experiment}/encoders/{CONFIG.variants[wildcards.variant].encoder}"


def encoder_manifest(wildcards):
    """Stands for the content of the encoder's folder, whose own mtime says nothing."""
    return f"{encoder_folder(wildcards)}/manifest.json"


def audit_with_limits(wildcards):
    """The audit of the variant's splits, if it has limits."""
    has_limits = CONFIG.audit.limits.model_dump(exclude_none=True)
    return f"results/{wildcards.experiment}/audit/{wildcards.variant}.json" if has_limits else []
