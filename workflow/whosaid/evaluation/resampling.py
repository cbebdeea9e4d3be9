"""Resamples of rows, and every metric of a model on them.

Drawing rows with replacement shows how a metric would vary on other rows of the same kind. Rows of
one unit (a line, a scene, an episode) depend on each other, so units are drawn whole. How often
each unit is drawn is Poisson distributed (Chamandy et al., Estimating uncertainty for massive data
streams, 2012). So one table of draws serves every set of rows, and all that is computed from it is
paired: all models, differences between them, and thresholds, which are chosen anew on each resample
of valid.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from whosaid.evaluation.metric_entry import confusion_of
from whosaid.evaluation.metrics import (
    AT_THRESHOLD,
    METRICS,
    Calibration,
    Ranking,
    RankSums,
    metrics_of_decisions,
)
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.thresholds import choose_thresholds, decision_ranking

CELLS = 2_000_000
"""The most numbers in a block of resamples of one split; this limits the memory."""

Counts = tuple[np.ndarray, np.ndarray]
"""How often each row of test and of valid counts: two arrays, resamples x rows."""


class Resamples:
    """How often each unit is drawn in each resample."""

    def __init__(self, units: Iterable[np.ndarray], number: int, seed: int):
        """`units` are arrays with the unit of each row; every row of interest is in one of them."""
        self.names = np.unique(np.concatenate([*units]))
        draws = np.random.default_rng(seed).poisson(1.0, (number, len(self.names)))
        self.draws = draws.astype(np.uint8)

    def blocks(self, test: np.ndarray, valid: np.ndarray) -> Iterator[Counts]:
        """The counts for rows of these units, a block of resamples after the other."""
        columns = [np.searchsorted(self.names, units) for units in (test, valid)]
        size = max(1, CELLS // max(1, len(test), len(valid)))
        for start in range(0, len(self.draws), size):
            block = self.draws[start : start + size]
            yield block[:, columns[0]], block[:, columns[1]]


def once(test: Predictions, valid: Predictions) -> Counts:
    """The counts of the rows themselves: each counts once."""
    return tuple(np.ones((1, len(split.label)), np.uint8) for split in (test, valid))


class Evaluated(NamedTuple):
    """Metrics by name (seeds x resamples), and the thresholds that were chosen on valid.

    `thresholds` and `f_beta_on_valid` are seeds x resamples too; they are missing if no metric is
    one of decisions.
    """

    metrics: dict[str, np.ndarray]
    thresholds: np.ndarray | None
    f_beta_on_valid: np.ndarray | None


def evaluate(
    test: Predictions,
    valid: Predictions,
    blocks: Iterable[Counts],
    names: Sequence[str],
    threshold_beta: float = 1.0,
    temperatures: np.ndarray | None = None,
) -> Evaluated:
    """The metrics called `names` of a variant on `test`, with thresholds chosen on `valid`.

    A threshold is the one with the largest F-beta, of this beta, on the models' own probabilities.
    The metrics of calibration are those of calibrated ones, if there are `temperatures` (seeds).
    """
    number = len(test.log_odds)
    temperatures = np.ones(number) if temperatures is None else temperatures
    models = [
        _Model(test, valid, seed, names, threshold_beta, temperatures[seed])
        for seed in range(number)
    ]
    parts = [[model.evaluate(*counts) for model in models] for counts in blocks]
    found = [
        {key: np.concatenate([block[number][key] for block in parts]) for key in parts[0][number]}
        for number in range(len(models))
    ]
    metrics = {name: np.array([_resampled(model, name) for model in found]) for name in names}
    if "threshold" not in found[0]:
        return Evaluated(metrics, None, None)
    chosen = (np.array([model[key] for model in found]) for key in ("threshold", "f_beta_on_valid"))
    return Evaluated(metrics, *chosen)


def _resampled(model: dict[Any, np.ndarray], name: str) -> np.ndarray:
    """A metric of a model on all resamples.

    At a threshold that is chosen anew, a metric moves because the new threshold is better or worse,
    and because its curve over the thresholds is uneven: that part is noise of the same rows, which
    resampling has counted already. It is taken out of the change by making that smaller. The
    variance of the change is v + 2 n, with v for the threshold and n for the noise; on the rows
    themselves, which are not resampled, it is v + n.
    """
    if not name.endswith(AT_THRESHOLD):
        return model[name]
    kept = model[name, "kept"]
    change = model[name] - kept
    variance = np.nanvar(change)  # accuracy is NaN if no row was drawn
    wanted = max(0.0, 2 * np.var(model[name, "rows"]) - variance)
    return kept + change * np.sqrt(min(1.0, wanted / variance) if variance else 0.0)


class _Model:
    """What stays the same over all resamples of one model."""

    def __init__(
        self,
        test: Predictions,
        valid: Predictions,
        seed: int,
        names: Sequence[str],
        beta: float,
        temperature: float,
    ):
        self.beta = beta
        label, odds = test.label, test.log_odds[seed]
        self.names = {basis: [] for basis in ("confusion", "ranking", "calibration")}
        for name in names:
            self.names[METRICS[name].basis].append(name)
        self.test = decision_ranking(label, odds, test.abstained)
        # Without abstained rows both rankings are the same, and half of the work is saved.
        self.ranking = Ranking(label, odds) if test.abstained.any() else self.test
        self.calibration = Calibration(label, odds / temperature)
        decided = test.decide()[seed]
        self.decided = np.stack([decided & (label == 1), decided], axis=1).astype(np.float32)
        self.once = self.test.sums(np.ones((1, len(label)), np.uint8))
        self.valid = self.test
        if valid is not test:
            self.valid = decision_ranking(valid.label, valid.log_odds[seed], valid.abstained)
        of_valid = self.valid.sums(np.ones((1, len(valid.label)), np.uint8))
        self.threshold = choose_thresholds(self.valid, of_valid, beta).values

    def evaluate(self, test: np.ndarray, valid: np.ndarray) -> dict[Any, np.ndarray]:
        """Metrics by name, and what `decide` returns."""
        found: dict[Any, np.ndarray] = {}
        ranks = self.ranking.sums(test)
        found |= {name: METRICS[name].function(ranks) for name in self.names["ranking"]}
        if self.names["calibration"]:
            errors = self.calibration.sums(test)
            found |= {name: METRICS[name].function(errors) for name in self.names["calibration"]}
        if self.names["confusion"]:
            sums = ranks if self.ranking is self.test else self.test.sums(test)
            found |= self.decide(test, valid, sums)
        return found

    def decide(self, test: np.ndarray, valid: np.ndarray, sums: RankSums) -> dict[Any, np.ndarray]:
        """Metrics of decisions by name, and the thresholds; `sums` are those of `test`.

        At the threshold also with the one that is `kept`, and on the `rows` once.
        """
        of_valid = sums if self.valid is self.test else self.valid.sums(valid)
        chosen = choose_thresholds(self.valid, of_valid, self.beta)
        hits, predicted = (test.astype(np.float32) @ self.decided).T.astype(np.int64)
        by_argmax = confusion_of(hits, predicted, sums.positives, sums.rows)
        found = metrics_of_decisions(by_argmax, self.test.confusion_at(chosen.values, sums))
        number = len(test)
        repeated = RankSums(
            *(np.broadcast_to(each, (number, *each.shape[1:])) for each in self.once)
        )
        for key, thresholds, of in (
            ("kept", np.repeat(self.threshold, number), sums),
            ("rows", chosen.values, repeated),
        ):
            counts = self.test.confusion_at(thresholds, of)
            at_threshold = metrics_of_decisions(counts, counts)
            found |= {(name, key): values for name, values in at_threshold.items()}
        return found | {"threshold": chosen.values, "f_beta_on_valid": chosen.f_beta}
