"""Learned weights of an ensemble: a logistic regression on what its members predict.

Wolpert, Stacked generalization, 1992. It is fitted on valid, from which no member has learned. With
`neighbours` it also reads what members predict for the lines around a line, so it can know that a
speaker seldom speaks twice in a row, or is in this scene at all. The answers for valid itself are
those of regressions on the other folds of valid, so that a threshold can be chosen on them.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from whosaid.corpus.units import UNITS, units_of
from whosaid.errors import StageError
from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.ensemble import (
    Votes,
    logits_like,
    mean_log_probabilities,
    positions_of,
)
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.questions import units_of_rarest_class

FOLDS = 5
"""In so many parts valid is cut, by whole units, to answer for itself."""

LEAST_LOG_PROBABILITY = -30.0
"""A class that a fold did not have gets this, and not minus infinity."""

Member = Predictions | ClassPredictions


class LearnedWeights:
    """The regression of an ensemble, fitted on what the `members` predict for the rows of valid.

    `valid` has the columns row and label; `units` as `read_units` gives them, and a fold has whole
    ones of the `unit`. Of each member, its predictions for so many `neighbours` on either side of
    a line are read, too. Raises StageError if the rows of a class are all in one unit.
    """

    def __init__(
        self,
        members: Sequence[Member],
        valid: pa.Table,
        units: pd.DataFrame,
        unit: str,
        neighbours: Sequence[int],
        seed: int,
    ):
        scene = next((each for each in UNITS[1:] if each in units), None)
        self._scenes = units[scene] if scene else pd.Series(0, units.index)
        self._neighbours, self._seed = neighbours, seed
        self._row, self._label = (valid[name].to_numpy() for name in ("row", "label"))
        self._members, self._units = members, units_of(units, unit, self._row)
        of_rarest = units_of_rarest_class(self._units, self._label)
        if of_rarest < 2 or len(np.unique(self._label)) < 2:
            raise StageError(
                f"valid has too few rows to learn the weights of an ensemble: the rows of each "
                f"class must be in two {unit}s at least; set ensemble.weights: equal, or a larger "
                "split.fractions.valid (with group_kfold: fewer split.folds)"
            )
        self._folds = min(FOLDS, of_rarest)
        of_members = self._features_of(members, self._row)
        self._widths = [each.shape[1] for each in of_members]
        self._features = np.hstack(of_members)
        self._model = _regression().fit(self._features, self._label)

    def coefficients(self, names: Sequence[str]) -> dict[str, list[float]]:
        """The coefficients of the standardised features, by member and then by its neighbours.

        `names` are those of the members. With two classes a feature has one, that of label 1; with
        more, one for each class, class by class.
        """
        of_members = np.split(self._model[-1].coef_, np.cumsum(self._widths)[:-1], axis=1)
        return {
            name: each.ravel().round(6).tolist()
            for name, each in zip(names, of_members, strict=True)
        }

    def on_valid(self) -> Votes:
        """The answers for the rows of valid, each by a regression on other folds."""
        found = cross_val_predict(
            _regression(),
            self._features,
            self._label,
            groups=self._units,
            cv=StratifiedGroupKFold(self._folds, shuffle=True, random_state=self._seed),
            method="predict_log_proba",
        )
        return self._votes(found, self._members, self._row)

    def on(self, members: Sequence[Member], row: np.ndarray) -> Votes:
        """The answers for the rows of another split, of which `members` are the predictions."""
        found = self._model.predict_log_proba(np.hstack(self._features_of(members, row)))
        return self._votes(found, members, row)

    def _votes(self, found: np.ndarray, members: Sequence[Member], row: np.ndarray) -> Votes:
        """The log probabilities as logits; it abstains where all members do."""
        logits = logits_like(members[0], found.clip(min=LEAST_LOG_PROBABILITY))
        abstained = [each.abstained[positions_of(row, each)] for each in members]
        return Votes(logits, np.all(abstained, axis=0))

    def _features_of(self, members: Sequence[Member], row: np.ndarray) -> list[np.ndarray]:
        """What the regression reads of each row, by member, which has every row (rows x features).

        The log odds of the target, or the log probability of each class, for the row itself, and
        of some members for each line around it. Of a line that a member does not predict, because
        its speaker is left out or it is in another split, they are 0, and a feature that is 1
        elsewhere says so.
        """
        around = neighbours_of(row, self._scenes, max(self._neighbours))
        of_members = []
        for member, neighbours in zip(members, self._neighbours, strict=True):
            scores = _scores(member)
            columns = [scores[positions_of(row, member)]]
            for neighbour in around[: 2 * neighbours]:  # one on each side
                places = positions_of(neighbour, member)
                is_there = (places >= 0)[:, None]
                columns += [np.where(is_there, scores[places], 0.0), is_there]
            of_members.append(np.hstack(columns))
        return of_members


def neighbours_of(row: np.ndarray, scenes: pd.Series, neighbours: int) -> list[np.ndarray]:
    """The lines around each row, nearest first, before and after in turn; -1 where there is none.

    `scenes` is the number of each line's scene by the number of the line, in the order of the
    script. A neighbour is of the same scene.
    """
    numbers, of_scene = scenes.index.to_numpy(), scenes.to_numpy()
    place = scenes.index.get_indexer(row)
    found = []
    for distance in range(1, neighbours + 1):
        for at in (place - distance, place + distance):
            is_there = (at >= 0) & (at < len(numbers))
            inside = at.clip(0, len(numbers) - 1)
            is_there &= of_scene[inside] == of_scene[place]
            found.append(np.where(is_there, numbers[inside], -1))
    return found


def _scores(member: Member) -> np.ndarray:
    """What a member says of each of its rows (rows x 1, or rows x classes)."""
    logarithms = mean_log_probabilities(member)
    return logarithms if isinstance(member, ClassPredictions) else np.diff(logarithms, axis=1)


def _regression() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
