"""How often the intervals of macro F1 and accuracy over ten speakers hold the truth.

Test is drawn from a population that is known, so the truth is too. Episodes differ in who speaks
how much and in how hard they are, by as much as those of *The Office* do. Every seed of a variant
has its own skill. It prints a table with a line a case, and the share of trials in which one of
four variants that equal the reference gets a verdict on either metric:

    PYTHONPATH=workflow python tests/benchmarks/class_coverage.py
"""

import math
from functools import lru_cache, partial

import numpy as np
import pandas as pd
from interval_coverage import LEVEL, SHARED_NOISE, SPREAD_OF_DIFFICULTY, Case, print_tables
from scipy.special import log_softmax

from whosaid.evaluation.class_metrics import CLASS_METRICS, evaluate_classes
from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.compare import Side, compare, describe
from whosaid.evaluation.intervals import Replicates, interval
from whosaid.evaluation.questions import SPEAKERS
from whosaid.evaluation.resampling import Resamples, once

SHARES = np.array([0.26, 0.17, 0.15, 0.12, 0.09, 0.06, 0.05, 0.04, 0.03, 0.03])
"""How often each of the ten most frequent speakers of *The Office* speaks, rounded."""

SPREAD_OF_SHARES = 0.6
"""Standard deviation over episodes of the logits of the shares."""

case_of = partial(Case, skill=1.0)


def draw(case: Case, skills, rng) -> tuple[list[ClassPredictions], np.ndarray]:
    """The predictions of each variant on the same rows, and the unit of each row."""
    classes = len(SHARES)
    episodes = np.repeat(np.arange(case.episodes), case.rows)
    spread = SPREAD_OF_SHARES if case.by_episode else 0.0
    shares = np.log(SHARES) + spread * rng.standard_normal((case.episodes, classes))
    # The largest logit with Gumbel noise is a draw from the softmax of the logits.
    label = (shares[episodes] + rng.gumbel(size=(len(episodes), classes))).argmax(axis=1)
    hardness = SPREAD_OF_DIFFICULTY * rng.standard_normal(case.episodes)[episodes]
    common = math.sqrt(SHARED_NOISE) * rng.standard_normal((len(episodes), classes))
    row, no = np.arange(len(episodes)), np.zeros(len(episodes), bool)
    found = []
    for of_variant in skills:
        scores = np.empty((len(of_variant), len(episodes), classes))
        for seed, skill in enumerate(of_variant):
            own = math.sqrt(1 - SHARED_NOISE) * rng.standard_normal((len(episodes), classes))
            scores[seed] = np.log(SHARES) + common + own
            scores[seed, row, label] += skill + (hardness if case.by_episode else 0.0)
        names = tuple(map(str, range(classes)))
        found.append(ClassPredictions(row, label, no, log_softmax(scores, axis=2), names))
    return found, episodes if case.by_episode else row


@lru_cache
def on_grid(by_episode: bool) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The population's metrics on a grid of skills, to interpolate between."""
    skills = np.linspace(-0.2, 2.2, 13)
    rng = np.random.default_rng(1)
    case = Case("", 4000, 25, by_episode=by_episode)
    (everything,), _ = draw(case, [skills], rng)
    found = evaluate_classes(
        everything, everything, [once(everything, everything)], SPEAKERS.compared
    )
    return skills, {name: each[:, 0] for name, each in found.metrics.items()}


def truth(case: Case, of_variant: np.ndarray) -> dict[str, float]:
    """The population's metrics as a mean over the seeds."""
    skills, found = on_grid(case.by_episode)
    return {name: float(np.interp(of_variant, skills, of).mean()) for name, of in found.items()}


def run(case: Case, trials: int, seed: int = 7) -> dict[str, dict[str, float]]:
    """For each metric how often its interval, and that of a difference, holds the truth."""
    rng = np.random.default_rng(seed)
    held: dict[str, list] = {name: [] for name in SPEAKERS.compared}
    values: list[tuple] = []
    for trial in range(trials):
        skills = case.skill + case.spread * rng.standard_normal((2, case.seeds))
        tests, units = draw(case, skills, rng)
        resamples = Resamples([units], case.resamples, trial)
        count = SPEAKERS.count_units(units, tests[0].label)
        replicates = []
        for test in tests:
            once_ = evaluate_classes(test, test, [once(test, test)], SPEAKERS.compared).metrics
            drawn = evaluate_classes(
                test, test, resamples.blocks(units, units), SPEAKERS.compared
            ).metrics
            replicates.append({n: Replicates(once_[n][:, 0], drawn[n]) for n in drawn})
        sides = [Side(test, test, "row", case.seeds == 1) for test in tests]
        names = pd.DataFrame({"row": units})
        ((_, found),) = compare(SPEAKERS, {"a": sides[0]}, sides[1], names, case.resamples, trial)
        described = describe(SPEAKERS, found, sides, 1, LEVEL)["metrics"]
        values.append((skills, replicates, count, described))
    # With seeds the truth is about the recipe; with one, about these models.
    of_trials = [[truth(case, each) for each in skills] for skills, *_ in values]
    for number, (_, replicates, count, described) in enumerate(values):
        for name in SPEAKERS.compared:
            one, other = (each[name] for each in of_trials[number])
            if case.seeds > 1:
                one = other = np.mean([each[name] for pair in of_trials for each in pair])
            bounds = CLASS_METRICS[name].bounds
            low, high = interval(replicates[0][name], count, LEVEL, bounds) or (math.nan,) * 2
            least, most = described[name]["interval"]
            held[name].append((low <= one <= high, least <= one - other <= most))
    shares = {name: np.mean(each, axis=0) for name, each in held.items()}
    return {
        name: dict(zip(("interval", "difference"), of, strict=True)) for name, of in shares.items()
    }


def false_alarms(case: Case, variants: int, trials: int, seed: int = 11) -> float:
    """The share of trials in which one of `variants` that equal the reference gets a verdict."""
    rng, alarms = np.random.default_rng(seed), 0
    skills = np.full((variants + 1, case.seeds), case.skill)
    tests_of_all = variants * len(SPEAKERS.tested)
    for trial in range(trials):
        tests, units = draw(case, skills, rng)
        sides = [Side(test, test, "row", False) for test in tests]
        others = {str(number): side for number, side in enumerate(sides[1:])}
        names = pd.DataFrame({"row": units})
        verdicts = set()
        for name, found in compare(SPEAKERS, others, sides[0], names, case.resamples, trial):
            of_pair = describe(SPEAKERS, found, (others[name], sides[0]), tests_of_all, LEVEL)
            verdicts |= {of_pair["metrics"][metric]["verdict"] for metric in SPEAKERS.tested}
        alarms += bool(verdicts & {"better", "worse"})
    return alarms / trials


CASES = [
    case_of("rows independent, 1,000", 1, 1000, by_episode=False),
    *(case_of(f"{n} episodes", n, 40) for n in (15, 23, 46, 100)),
    *(
        case_of(f"46 episodes, 3 seeds, spread {spread}", 46, 40, 3, spread)
        for spread in (0.0, 0.05, 0.3)
    ),
]


if __name__ == "__main__":
    print_tables(__doc__, CASES, SPEAKERS.compared, run, false_alarms)
