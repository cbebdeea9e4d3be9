"""Export a trained model as a folder for people who do not have whosaid.

In: the model folder, the metric files of its variant, the test split and the stored predictions on
it, facts about the corpus and the encoder. Out: a folder with the weights (safetensors), the
tokenizer, the config with the names of the labels, `whosaid.json` (all that is known of the model)
and `README.md` (its card). `transformers.pipeline` is asked about rows of the test split first, and
has to give the stored probabilities.
"""

from functools import partial
from pathlib import Path
from typing import Any

from whosaid.jobs.environment import quiet_transformers  # before the libraries that read it

# isort: split
from transformers import AutoTokenizer

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import json_text, read_json
from whosaid.caching.manifest import check_manifest, digests
from whosaid.errors import InputError
from whosaid.evaluation.questions import QUESTIONS
from whosaid.evaluation.temperature import model_threshold
from whosaid.evaluation.threshold_files import read_temperatures, read_thresholds
from whosaid.jobs.stage import arguments, stage
from whosaid.reporting.export_facts import NAME, export_facts
from whosaid.reporting.model_card import model_card
from whosaid.training.exported_model import (
    TOLERANCE,
    check_on_rows,
    copy_model,
    pipeline_probabilities,
)


def main(
    model: str,
    test: str,
    predictions: str,
    metrics: list[str],
    corpus: str,
    split_counts: str,
    added_tokens: str,
    encoder_manifest: str,
    export: str,
    experiment: str,
    variant: str,
    title: str,
    seed: int,
    question: str,
    target_speaker: str | None,
    recipe: dict[str, Any],
    encoder: dict[str, Any],
    confidence: float,
    thresholds: str | None = None,
) -> None:
    """Write the folder `export`.

    `metrics` holds a path for each split, `predictions` and `test` are those of the test split. A
    `question` without a threshold has no `thresholds`. Raises InputError for a variant with
    context, StageError if the pipeline says something else than the stored predictions.
    """
    quiet_transformers()
    check_manifest(Path(model))
    if recipe.get("context"):
        raise InputError(
            f"{variant}: it reads the lines around a line, which a text-classification pipeline "
            "cannot lay out; export a variant without context"
        )
    asked = QUESTIONS[question]
    stored = asked.read([predictions])
    counts = read_json(split_counts)
    identity = {
        "experiment": experiment,
        "variant": variant,
        "title": title,
        "seed": seed,
        "question": question,
        "target_speaker": target_speaker,
    }
    with atomic_write(export) as folder:
        copy_model(Path(model), folder)
        facts = export_facts(
            identity=identity,
            encoder=encoder | {"license": read_json(encoder_manifest).get("license")},
            recipe=recipe,
            labels=counts["labels"],
            max_tokens=AutoTokenizer.from_pretrained(folder).model_max_length,
            added_tokens=read_json(added_tokens),
            **chosen_on_valid(thresholds, seed),
            corpus=read_json(corpus),
            split_counts=counts,
            metrics={each["split"]: each for each in map(read_json, metrics)},
            confidence=confidence,
            training=read_json(Path(model) / "training.json"),
        )
        ask = partial(pipeline_probabilities, folder, names=counts["labels"])
        check_on_rows(ask, test, stored, TOLERANCE, "transformers.pipeline")
        facts["files"] = digests(folder)
        (folder / NAME).write_text(json_text(facts), encoding="utf-8")
        card = model_card(facts, asked.entries(stored))
        card.save(folder / "README.md")


def chosen_on_valid(thresholds: str | None, seed: int) -> dict[str, float | None]:
    """The model's threshold and temperature, None where it has none.

    The weights are those that were trained, so the threshold is one on the probabilities that they
    give, before any calibration.
    """
    threshold = read_thresholds(thresholds).get(seed) if thresholds else None
    temperature = read_temperatures(thresholds).get(seed) if thresholds else None
    if threshold is not None and temperature is not None:
        threshold = model_threshold(threshold, temperature)
    return {"threshold": threshold, "temperature": temperature}


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
