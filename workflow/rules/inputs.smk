# Which files the rules read, and what they ask of the machine: functions of a job's wildcards.

import os
import sys

from snakemake.exceptions import WorkflowError
from whosaid.caching.output_records import record_of
from whosaid.caching.stamps import digest_now
from whosaid.config import output_paths
from whosaid.config.corpus_files import corpus_files, downloads
from whosaid.jobs.check_files import check_new_lines
from whosaid.split_names import SPLITS
from whosaid.tokens.encoder_files import encoder_files

CORPUS_FILES = corpus_files(CONFIG.corpus.paths)
DOWNLOADS = downloads(CONFIG.corpus.paths)
FROM_HUB = [name for name in output_paths.encoders_in_use(CONFIG) if CONFIG.encoders[name].hub]


def of_splits(path):
    """The paths of train, test and valid: `{split}` in `path` stands for these names."""
    return expand(path, split=SPLITS, allow_missing=True)


def downloaded(wildcards):
    """The copies of what URLs stand for in the config; ends the run if one is not there."""
    for url, copy in DOWNLOADS.items():
        if not os.path.exists(copy):
            sys.exit(
                f"corpus.csv: {url}: not fetched yet; with this config, "
                f"`snakemake --cores 1 fetch_corpus` copies it to {copy}"
            )
    return list(DOWNLOADS.values())


def corpus(wildcards):
    """The files of the corpus."""
    downloaded(wildcards)
    return CORPUS_FILES


def corpus_digests(wildcards):
    """The SHA-256 of the corpus' files: the modification time of a user's file is not trusted."""
    return [digest_now(file) for file in corpus(wildcards)]


def remote_corpus(wildcards):
    """The files that URLs stand for, as Snakemake's storage plugins bring them."""
    try:
        return [storage(url) for url in DOWNLOADS]
    except WorkflowError as error:
        sys.exit(
            f"corpus.csv: {error} The plugin for https is snakemake-storage-plugin-http, that for "
            "s3 snakemake-storage-plugin-s3: install one with pip"
        )


def punkt_data(wildcards):
    """NLTK's sentence data, if the variant, or without one any of them, counts words with punkt."""
    names = [wildcards.variant] if "variant" in wildcards.keys() else CONFIG.variants
    counts_words = any(CONFIG.variants[name].min_words is not None for name in names)
    return "data/nltk_data" if counts_words and CONFIG.corpus.word_tokenizer == "punkt" else []


def local_files(wildcards):
    """The files of an encoder that is copied from a local folder."""
    path = CONFIG.encoders[wildcards.encoder].path
    return encoder_files(path) if path is not None else []


def users_files():
    """The files that a user gives: those of the corpus and of the encoders in local folders."""
    folders = [each.path for each in CONFIG.encoders.values() if each.path is not None]
    return [*CORPUS_FILES, *(file for folder in folders for file in encoder_files(folder))]


def local_digests(wildcards):
    """The SHA-256 of these files, whose modification times are not trusted either."""
    return [digest_now(file) for file in local_files(wildcards)]


def gpus_of(wildcards):
    """The GPUs that a training of the variant takes."""
    return CONFIG.variants[wildcards.variant].training.gpus


def share_of_cores(wildcards):
    """Eight threads, or fewer if that lets as many jobs run side by side as GPUs are given."""
    limit = workflow.global_resources.get("gpu")
    if limit is None or limit.value is None or not workflow.local_exec:
        return 8
    return min(8, max(1, workflow.cores // max(1, limit.value)))


def encoder_folder(wildcards):
    """The folder of the variant's encoder."""
    return f"data/{wildcards.experiment}/encoders/{CONFIG.variants[wildcards.variant].encoder}"


def encoder_manifest(wildcards):
    """The manifest, which changes with the content of the encoder's folder, unlike its mtime."""
    return f"{encoder_folder(wildcards)}/manifest.json"


def audit_with_limits(wildcards):
    """The leak audit of the variant's splits, if there are limits."""
    has_limits = CONFIG.audit.limits.model_dump(exclude_none=True)
    return f"results/{wildcards.experiment}/audit/{wildcards.variant}.json" if has_limits else []


def predictions_on(split):
    """An input function: the predictions of all seeds of the variant on a split."""
    return lambda wildcards: output_paths.predictions(CONFIG, wildcards.variant, split)


def members_predictions(split):
    """An input function: the predictions of all members and seeds of an ensemble on a split."""
    return lambda wildcards: [
        path
        for member in CONFIG.members_of(wildcards.variant)
        for path in output_paths.predictions(CONFIG, member, split)
    ]


def of_members(has_them, templates):
    """An input function: these paths of each member of the variant, if it `has_them`.

    `{variant}` stands for the name of the member there, other wildcards are those of the job.
    """

    def paths(wildcards):
        members = CONFIG.members_of(wildcards.variant)
        return [
            template.format(**{**dict(wildcards.items()), "variant": member})
            for template in templates
            for member in members
            if has_them(CONFIG.variants[wildcards.variant])
        ]

    return paths


def of_folds(*templates):
    """An input function: these paths of each fold of the variant, if it pools some."""
    return of_members(lambda variant: variant.weights == "pooled", templates)


def of_trials(*templates):
    """An input function: these paths of each trial of the variant, if it is a search."""
    return of_members(lambda variant: variant.search is not None, templates)


def scores_of_seeds(wildcards):
    """The published metrics of all seeds of the variant."""
    return output_paths.scores(CONFIG, wildcards.variant)


def bundled(wildcards, input):
    """What a machine without a network lacks: fetched files, their records, local encoders."""
    logs = expand(rules.fetch_encoder.log, experiment=CONFIG.experiment, encoder=FROM_HUB)
    logs += rules.fetch_punkt.log if input.nltk_data else []
    local = [CONFIG.encoders[name].path for name in output_paths.encoders_in_use(CONFIG)]
    return [
        *map(os.path.dirname, input.encoders),
        *input.corpus,
        *([input.nltk_data] if input.nltk_data else []),
        *(str(record_of(log)) for log in logs),
        *(file for path in local if path for file in encoder_files(path)),
    ]


def new_lines_file(wildcards):
    """The user's file of new lines; ends the run if it is none, before anything is trained."""
    path = CONFIG.new_lines[wildcards.name]
    check_new_lines(wildcards.name, path)
    return path


def new_lines_digest(wildcards):
    """The file's SHA-256, whose modification time is not trusted; Snakemake says if it is missing."""
    path = new_lines_file(wildcards)
    return digest_now(path) if os.path.isfile(path) else None


def model_folders(wildcards):
    """The model of each seed of the variant."""
    seeds = CONFIG.variants[wildcards.variant].seeds
    return [output_paths.model_folder(CONFIG, wildcards.variant, seed) for seed in seeds]


def model_manifests(wildcards):
    """Their manifests, which change with the content of the folders."""
    return [f"{folder}/manifest.json" for folder in model_folders(wildcards)]


def trained_model(wildcards):
    """The manifest of the model, whose seed is one of the variant's: others have no metrics."""
    seeds = [str(seed) for seed in CONFIG.variants[wildcards.variant].seeds]
    if wildcards.seed not in seeds:
        # What else an input function raises is printed with a traceback.
        sys.exit(
            f"seed_{wildcards.seed}: {wildcards.variant} has no such seed; choose from {', '.join(seeds)}"
        )
    return f"{output_paths.model_folder(CONFIG, wildcards.variant, wildcards.seed)}/manifest.json"
