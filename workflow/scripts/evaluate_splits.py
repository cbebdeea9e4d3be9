"""Turn the predictions of one variant into metrics with intervals.

In: the predictions of each seed on each split, their scores, the lines of the corpus. Out: the
decision threshold of each seed, chosen on valid, and a JSON file for each split. It holds the
metrics as means over the seeds with their spread and intervals, the metrics of each seed, and those
of the trivial classifiers on the same rows.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from whosaid.caching.json_files import read_json, write_json
from whosaid.config.chosen_on_valid import ChosenOnValid
from whosaid.config.warning_codes import warning
from whosaid.corpus.units import read_units, units_of
from whosaid.evaluation import class_description, target_description
from whosaid.evaluation.questions import QUESTIONS
from whosaid.evaluation.resampling import Resamples, once
from whosaid.evaluation.split_metrics import check_scores, find_intervals, standard_error
from whosaid.evaluation.temperature import calibrated_threshold, fit_temperatures
from whosaid.evaluation.threshold_files import write_thresholds
from whosaid.jobs.stage import stage
from whosaid.reported_split import REPORTED
from whosaid.split_names import HELD_OUT, SPLITS

logger = logging.getLogger(__name__)

DESCRIPTIONS = {"target": target_description, "speakers": class_description}
"""The module that describes a split, for each question."""

OF_CALIBRATION = ("brier", "expected_calibration_error", "loss")
"""The metrics that a calibration changes, for both questions."""

ONE_SEED = warning(
    "W101", "There is one seed: the intervals do not cover what another seed would change."
)
OTHER_QUESTION = warning("W102", "The published figures answer another question and are left out.")
ONE_ENSEMBLE = warning(
    "W101",
    "There is one ensemble: the intervals do not cover what other seeds of its members would "
    "change.",
)
POOLED = {
    "train": "Each line is predicted by one of the models that learned from it.",
    "test": "Every line, predicted by the model that has its fold as test.",
    "valid": "Every line, predicted by the model that has its fold as valid: the lines of test, "
    "predicted by other models.",
}
"""What the splits of a variant are that tests on each of its folds."""

IN_TRAIN = warning("W104", "Some test rows stand in train word for word, see *also in train*.")


def main(
    predictions: Mapping[str, Sequence[str]],
    scores: Sequence[str],
    lines: str,
    metrics: Mapping[str, str],
    thresholds: str | None,
    experiment: str,
    question: str,
    variant: str,
    seeds: Sequence[int],
    unit: str,
    is_baseline: bool,
    published: Mapping[str, Mapping[str, float]] | None,
    other_question: bool,
    bootstrap: Mapping[str, Any],
    is_ensemble: bool = False,
    threshold_beta: float = 1.0,
    calibration: str | None = None,
    valid_chooses: ChosenOnValid | None = None,
    folds: Sequence[str] = (),
) -> None:
    """Write the metrics of each split to the paths in `metrics`, and the `thresholds`.

    `predictions` holds a path per split and seed, `scores` one per seed. `lines` is the path of
    `lines.parquet`, and `unit` what is resampled. A `question` without a threshold has no path for
    it; `threshold_beta` is that of the F-beta for which it is chosen. `other_question` is true if
    published figures were left out; with a `calibration` the metrics that depend on how sure a
    model is are those of calibrated probabilities; `valid_chooses` says what valid chose besides.
    `folds` are the metric files of all splits of the folds, if the variant pools some.
    `bootstrap` has the keys confidence, resamples and seed. Raises ValueError if there are not as
    many files as seeds.
    """
    for paths in (*predictions.values(), scores):
        if len(paths) != len(seeds):
            raise ValueError(f"{len(paths)} files for {len(seeds)} seeds")
    asked, about = QUESTIONS[question], DESCRIPTIONS[question]
    splits = {name: asked.read(paths) for name, paths in predictions.items()}
    of_seeds = [read_json(path) for path in scores]
    of_folds = [read_json(path) for path in folds]
    valid, train = splits["valid"], splits["train"]
    units = read_units(lines)
    texts = pd.read_parquet(lines, columns=["row", "line"]).set_index("row")["line"]
    entries = asked.entries(valid)
    temperatures = fit_temperatures(valid) if calibration else None
    evaluate = partial(asked.evaluate, threshold_beta=threshold_beta, temperatures=temperatures)
    found = {
        name: evaluate(split, valid, [once(split, valid)], list(entries))
        for name, split in splits.items()
    }
    thresholds_of_seeds = calibrated(found["valid"].thresholds, temperatures)
    notes = []
    # A baseline is a logistic regression, which any seed leads to the same optimum.
    if len(seeds) == 1 and not is_baseline:
        notes = [ONE_ENSEMBLE if is_ensemble else ONE_SEED]

    def resample(split: str, by: str, names: Sequence[str]) -> tuple[dict[str, np.ndarray], int]:
        """The metrics on resampled units, and how many units the intervals rest on."""
        rows = splits[split]
        of_rows, of_valid = (units_of(units, by, each.row) for each in (rows, valid))
        resamples = Resamples([of_rows, of_valid], bootstrap["resamples"], bootstrap["seed"])
        drawn = evaluate(rows, valid, resamples.blocks(of_rows, of_valid), names)
        return drawn.metrics, asked.count_units(of_rows, rows.label)

    def uncertainty(split: str, values: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """The intervals of a held-out split; of the reported one also the errors by each unit."""
        intervals, errors = None, None
        if split in HELD_OUT:
            resampled = resample(split, unit, list(entries))
            intervals = find_intervals(values, *resampled, bootstrap["confidence"], entries)
        if split == REPORTED:
            primary, errors = asked.primary, {}
            for by in units.columns:
                drawn, count = resampled if by == unit else resample(split, by, [primary])
                errors[by] = standard_error(values[primary], drawn[primary], count)
        return {"intervals": intervals, "standard_error_by_unit": errors}

    for name, path in metrics.items():
        split = splits[name]
        values = {key: each[:, 0] for key, each in found[name].metrics.items()}
        check_scores(values, [each[name] for each in of_seeds], asked.watched)
        described = found[name]._replace(thresholds=thresholds_of_seeds)
        result = about.describe_split(split, seeds, values, described)
        if temperatures is not None:
            before = asked.evaluate(split, valid, [once(split, valid)], OF_CALIBRATION).metrics
            add_temperatures(result, temperatures, before)
        if thresholds_of_seeds is not None:
            result["threshold_beta"] = threshold_beta
        role = about.role_of(name, valid_chooses, calibration is not None)
        known = int(texts.loc[split.row].isin(texts.loc[train.row]).sum())
        if of_folds:
            parts = {each["variant"]: each for each in of_folds if each["split"] == name}
            result["folds"] = {fold: each["metrics"] for fold, each in parts.items()}
            role = f"{role} {POOLED[name]}"
            if name in HELD_OUT:
                known = sum(each["in_train"]["rows"] for each in parts.values())
        head = {"experiment": experiment, "variant": variant, "split": name, "role": role}
        result |= {
            "unit": unit,
            **uncertainty(name, values),
            "in_train": {"rows": known, "share": known / len(split.row)},
            "trivial": about.trivial_metrics(split.label, train.label),
            **beside_published(result["metrics"], published, name),
            "notes": [
                *notes,
                *about.remarks(split, valid, seeds, values),
                *([OTHER_QUESTION] if other_question else []),
                *([IN_TRAIN] if name == REPORTED and known else []),
            ],
        }
        write_json(path, {**head, **result})
        logger.info("%s %s: %d rows", variant, name, result["rows"])
    if thresholds is not None:
        chosen = [
            None if each is None else each[:, 0]
            for each in (thresholds_of_seeds, found["valid"].f_beta_on_valid)
        ]
        write_thresholds(thresholds, seeds, *chosen, threshold_beta, temperatures)


def calibrated(thresholds: np.ndarray | None, temperatures: np.ndarray | None) -> np.ndarray | None:
    """The thresholds (seeds x 1) on calibrated probabilities; as they are without temperatures."""
    if thresholds is None or temperatures is None:
        return thresholds
    return calibrated_threshold(thresholds, temperatures[:, None])


def add_temperatures(
    result: dict[str, Any], temperatures: np.ndarray, before: Mapping[str, np.ndarray]
) -> None:
    """Put the temperatures into a split's `result`, with the metrics `before` the calibration."""
    result["temperature"] = float(temperatures.mean())
    result["uncalibrated"] = {key: float(each.mean()) for key, each in before.items()}
    for of_seed, temperature in zip(result["seeds"].values(), temperatures, strict=True):
        of_seed["temperature"] = float(temperature)


def beside_published(
    metrics: Mapping[str, float],
    published: Mapping[str, Mapping[str, float]] | None,
    split: str,
) -> dict[str, Any]:
    """The figures `published` for a split by metric, and what the `metrics` differ by; or None."""
    if not published:
        return {"published": published, "difference": published}
    figures = {metric: each[split] for metric, each in published.items()}
    difference = {metric: metrics[metric] - figure for metric, figure in figures.items()}
    return {"published": figures, "difference": difference}


if __name__ == "__main__":
    with stage(snakemake):
        main(
            predictions={name: list(snakemake.input[name]) for name in SPLITS},
            scores=list(snakemake.input.scores),
            lines=snakemake.input.lines,
            metrics={name: snakemake.output[name] for name in SPLITS},
            thresholds=snakemake.output.get("thresholds"),
            folds=list(snakemake.input.folds),
            **json.loads(snakemake.params.settings),
        )
