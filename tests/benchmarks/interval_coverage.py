"""How often the intervals hold the truth, and how often equal variants are told apart.

Test and valid are drawn from a population that is known, so the truth is too. Episodes differ in
the target's share and in how hard they are, by as much as those of *The Office* do. Every seed of a
variant has its own skill. It prints a table with a line a case:

    PYTHONPATH=workflow python tests/benchmarks/interval_coverage.py
"""

import argparse
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from whosaid.evaluation.compare import Side, compare, describe
from whosaid.evaluation.intervals import Replicates, interval, uncertainty
from whosaid.evaluation.metrics import COMPARED, METRICS, PRIMARY
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.questions import TARGET
from whosaid.evaluation.resampling import Resamples, evaluate, once

SHARE, SPREAD_OF_SHARE = math.log(0.171 / 0.829), 0.42
"""Log odds of the target, and their standard deviation over episodes."""

SPREAD_OF_DIFFICULTY = 0.3
"""Standard deviation over episodes of the shift of all log odds."""

SHARED_NOISE = 0.7
"""Share of the noise of a row's log odds that is common to all models."""

LEVEL = 0.95


class Case(NamedTuple):
    """A way to draw test and valid, and how the models differ."""

    name: str
    episodes: int
    rows: int
    seeds: int = 1
    spread: float = 0.0
    skill: float = 1.5
    by_episode: bool = True
    resamples: int = 250


def draw_rows(case: Case, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Episode, label and what the models share of the noise, for each row."""
    episodes = np.repeat(np.arange(case.episodes), case.rows)
    spread = SPREAD_OF_SHARE if case.by_episode else 0.0
    odds = SHARE + spread * rng.standard_normal(case.episodes)[episodes]
    labels = (rng.random(len(episodes)) < 1 / (1 + np.exp(-odds))).astype(np.int8)
    difficulty = SPREAD_OF_DIFFICULTY * rng.standard_normal(case.episodes)[episodes]
    common = math.sqrt(SHARED_NOISE) * rng.standard_normal(len(episodes))
    return episodes, labels, common + (difficulty if case.by_episode else 0.0)


def score(labels: np.ndarray, common: np.ndarray, skill: float, rng: np.random.Generator):
    """The log odds that a model of this skill gives to the rows."""
    own = math.sqrt(1 - SHARED_NOISE) * rng.standard_normal(len(labels))
    return 1.4 * (common + own + skill * labels) - 2.6


def draw_split(case: Case, skills, rng) -> tuple[list[Predictions], np.ndarray]:
    """The predictions of each variant on the same rows, and the unit of each row."""
    episodes, labels, common = draw_rows(case, rng)
    no = np.zeros(len(labels), bool)
    row = np.arange(len(labels))
    predictions = [
        Predictions(row, labels, no, np.array([score(labels, common, s, rng) for s in of_variant]))
        for of_variant in skills
    ]
    return predictions, episodes if case.by_episode else row


@lru_cache
def population(by_episode: bool, skill: float) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """Thresholds, F1 at each, and the other metrics of a model on very many rows."""
    rng = np.random.default_rng(1)
    case = Case("", 20_000, 20, by_episode=by_episode)
    (everything,), _ = draw_split(case, [[skill]], rng)
    labels, odds = everything.label, everything.log_odds[0]
    order = np.argsort(-odds)
    hits = labels[order].cumsum()
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + labels.sum())
    (few,) = [evaluate(everything, everything, [once(everything, everything)], COMPARED).metrics]
    return odds[order], f1, {name: float(few[name][0, 0]) for name in COMPARED}


@lru_cache
def on_grid(by_episode: bool):
    """The population's metrics on a grid of skills, to interpolate between."""
    skills = np.linspace(0.3, 2.7, 25)
    return skills, [population(by_episode, float(skill)) for skill in skills]


def truth(case: Case, skill: float, threshold: float) -> dict[str, float]:
    """The population's metrics of a model, at the threshold that was chosen on valid."""
    skills, found = on_grid(case.by_episode)
    cut = math.log(threshold / (1 - threshold))
    at = [f1[max(0, np.searchsorted(-odds, -cut, side="right") - 1)] for odds, f1, _ in found]
    values = {name: [each[2][name] for each in found] for name in COMPARED} | {
        "f1_at_threshold": at
    }
    return {name: float(np.interp(skill, skills, each)) for name, each in values.items()}


def run(case: Case, trials: int, seed: int = 7) -> dict[str, dict[str, float]]:
    """Shares of the trials in which the interval holds the truth, and of false alarms."""
    rng = np.random.default_rng(seed)
    records = []
    for trial in range(trials):
        skills = case.skill + case.spread * rng.standard_normal((2, case.seeds))
        tests, units = draw_split(case, skills, rng)
        valids, valid_units = draw_split(case, skills, rng)
        valid_units = valid_units + len(units)
        resamples = Resamples([units, valid_units], case.resamples, trial)
        record = {name: {} for name in COMPARED}
        sides = []
        for test, valid, of_variant in zip(tests, valids, skills, strict=True):
            values = evaluate(test, valid, [once(test, valid)], COMPARED)
            drawn = evaluate(test, valid, resamples.blocks(units, valid_units), COMPARED)
            sides.append(
                {n: Replicates(values.metrics[n][:, 0], drawn.metrics[n]) for n in COMPARED}
            )
            truths = [
                truth(case, s, t) for s, t in zip(of_variant, values.thresholds[:, 0], strict=True)
            ]
            record.setdefault("truths", []).append(
                {n: np.mean([each[n] for each in truths]) for n in COMPARED}
            )
        count = len(np.unique(units[tests[0].label == 1]))
        for name in COMPARED:
            record[name]["value"] = sides[0][name].values.mean()
            record[name]["interval"] = interval(sides[0][name], count, LEVEL, METRICS[name].bounds)
            first, second = (side[name] for side in sides)
            difference = first.values.mean() - second.values.mean()
            estimates = first.resampled.mean(axis=0) - second.resampled.mean(axis=0)
            error = uncertainty(estimates[~np.isnan(estimates)], count, first, second)
            record[name]["difference"] = difference
            record[name]["reach"] = error.reach((1 - LEVEL) / 2)
        records.append(record)
    result = {}
    for name in COMPARED:
        # With seeds the truth is about the recipe; with one, about this model.
        per_trial = np.array([[side[name] for side in record["truths"]] for record in records])
        if case.seeds > 1:
            expected = np.full(trials, per_trial.mean())
            apart = np.zeros(trials)
        elif name == "f1_at_threshold":
            # The choice of the threshold is part of what varies, not of the truth.
            expected, apart = np.full(trials, per_trial.mean()), np.zeros(trials)
        else:
            expected, apart = per_trial[:, 0], per_trial[:, 0] - per_trial[:, 1]
        inside = [
            r[name]["interval"] is not None
            and r[name]["interval"][0] <= e <= r[name]["interval"][1]
            for r, e in zip(records, expected, strict=True)
        ]
        held = [
            abs(r[name]["difference"] - a) <= r[name]["reach"]
            for r, a in zip(records, apart, strict=True)
        ]
        result[name] = {"interval": np.mean(inside), "difference": np.mean(held)}
    return result


def false_alarms(case: Case, variants: int, trials: int, seed: int = 11) -> float:
    """The share of trials in which one of `variants` that equal the reference gets a verdict."""
    rng, alarms = np.random.default_rng(seed), 0
    skills = np.full((variants + 1, case.seeds), case.skill)
    for trial in range(trials):
        tests, units = draw_split(case, skills, rng)
        valids, valid_units = draw_split(case, skills, rng)
        numbers = np.concatenate([units, valid_units + len(units)])
        shifted = [each._replace(row=each.row + len(units)) for each in valids]
        sides = [Side(*each, "row", False) for each in zip(tests, shifted, strict=True)]
        names = pd.DataFrame({"row": numbers})
        others = {str(number): side for number, side in enumerate(sides[1:])}
        verdicts = {
            describe(TARGET, found, (others[name], sides[0]), variants, LEVEL)["metrics"][PRIMARY][
                "verdict"
            ]
            for name, found in compare(TARGET, others, sides[0], names, case.resamples, trial)
        }
        alarms += bool(verdicts & {"better", "worse"})
    return alarms / trials


CASES = [
    Case("rows independent, 120", 1, 120, by_episode=False),
    Case("rows independent, 1,000", 1, 1000, by_episode=False),
    *(Case(f"{n} episodes", n, 20) for n in (10, 15, 23, 46, 100, 200)),
    *(
        Case(f"46 episodes, {seeds} seeds, spread {spread}", 46, 20, seeds, spread)
        for seeds in (2, 3, 5)
        for spread in (0.0, 0.05, 0.3)
    ),
]


def print_tables(
    description: str,
    cases: Sequence[Case],
    names: Sequence[str],
    run: Callable[[Case, int], dict[str, dict[str, float]]],
    false_alarms: Callable[[Case, int, int], float],
) -> None:
    """Read the command line and print a line for each case, as soon as it is known."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    print("| case | " + " | ".join(f"{n}, difference" for n in names) + " |", flush=True)
    for case in cases:
        if arguments.only in case.name:
            found = run(case, arguments.trials)
            cells = (f"{f['interval']:.3f}, {f['difference']:.3f}" for f in found.values())
            print(f"| {case.name} | {' | '.join(cells)} |", flush=True)
    print("| case | false alarms of four equal variants |", flush=True)
    for case in cases:
        if arguments.only in case.name and case.spread == 0:
            print(f"| {case.name} | {false_alarms(case, 4, arguments.trials):.3f} |", flush=True)


if __name__ == "__main__":
    print_tables(__doc__, CASES, COMPARED, run, false_alarms)
