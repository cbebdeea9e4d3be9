"""What is known of a trained model, from the files of its experiment, as one JSON value."""

import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

NAME = "whosaid.json"
"""The file of an exported model that holds these facts."""

PACKAGES = ("torch", "transformers", "tokenizers", "safetensors")
COPIED = ("rows", "role", "unit", "intervals", "spread", "in_train", "trivial", "notes")
"""What is taken of a metric file as it is."""

COUNTED = ("positives", "of_labels", "abstained")
"""The same; each question has some of them."""


def of_split(result: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """What a metric file says of a split, with the metrics of the model with this `seed`."""
    return {
        **{key: result[key] for key in COPIED},
        **{key: result[key] for key in COUNTED if key in result},
        "seeds": [int(each) for each in result["seeds"]],
        "this_model": result["seeds"][str(seed)],
        "mean_of_seeds": result["metrics"],
    }


def export_facts(
    identity: Mapping[str, Any],
    encoder: Mapping[str, Any],
    recipe: Mapping[str, Any],
    labels: Sequence[str],
    max_tokens: int,
    added_tokens: Sequence[str],
    threshold: float | None,
    temperature: float | None,
    corpus: Mapping[str, Any],
    split_counts: Mapping[str, Any],
    metrics: Mapping[str, Mapping[str, Any]],
    confidence: float,
    training: Mapping[str, Any],
) -> dict[str, Any]:
    """The facts as JSON values.

    `identity` has experiment, variant, title, seed, question and target_speaker. The other mappings
    are sections of the config or contents of the experiment's files; `metrics` has one for each
    split. Local files and folders go by their names alone: the facts are for other people.
    """
    source = {key: value for key, value in encoder.items() if key in ("hub", "scratch")}
    if "path" in encoder:
        source["folder"] = Path(encoder["path"]).name
    return {
        "format": "safetensors",
        **identity,
        "labels": list(labels),
        "threshold": threshold,
        "temperature": temperature,
        "text": {
            "annotate": list(recipe["annotate"]),
            "min_words": recipe["min_words"],
            "max_tokens": max_tokens,
        },
        "added_tokens": list(added_tokens),
        "encoder": {"name": encoder["name"], "license": encoder["license"], **source},
        "recipe": dict(recipe),
        "data": {
            "files": [
                {"name": Path(path).name, "sha256": digest}
                for path, digest in corpus["files"].items()
            ],
            "name": corpus["csv"],
            "sha256": corpus["sha256"],
            "rows": corpus["rows"],
            "speakers": len(corpus["speakers"]),
            "top_speakers": corpus["top_speakers"],
            "splits": {split: split_counts[split] for split in metrics},
        },
        "confidence": confidence,
        "metrics": {split: of_split(result, identity["seed"]) for split, result in metrics.items()},
        "training": {key: value for key, value in training.items() if key != "history"},
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }
