"""The mean of what several variants predict: soft voting, from stored predictions alone.

Probabilities are averaged and not log odds, as scikit-learn's `VotingClassifier` does with
`voting="soft"` and as whosaid does for the mean over seeds. A probability is at most 1, so one
model that is very sure cannot outvote all others.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.predictions import Predictions


class Votes(NamedTuple):
    """What an ensemble says of some rows: logits (rows x classes) and on which it abstains."""

    logits: np.ndarray
    abstained: np.ndarray


def combine(members: Sequence[Predictions | ClassPredictions], places: np.ndarray) -> Votes:
    """The mean over the `members` on some rows, each the mean over its seeds.

    `places` (members x rows) says where a row stands in the predictions of a member, or -1. A
    member has no vote on a row that it lacks, which another one must have, and none where it
    abstains. The ensemble abstains where no member has a vote; its probabilities there are the mean
    of those of abstaining members. With two classes the logit of label 0 is 0, so that of label 1
    is its log odds.
    """
    is_there = places >= 0
    at = [each.take(of.clip(min=0)) for each, of in zip(members, places, strict=True)]
    of_members = np.array([mean_log_probabilities(each) for each in at])
    votes = is_there & ~np.array([each.abstained for each in at])
    abstained = ~votes.any(axis=0)
    votes |= is_there & abstained
    mean = logsumexp(of_members, axis=0, b=votes[:, :, None]) - np.log(votes.sum(axis=0))[:, None]
    return Votes(logits_like(members[0], mean), abstained)


def logits_like(
    member: Predictions | ClassPredictions, log_probabilities: np.ndarray
) -> np.ndarray:
    """Logits (rows x classes) that stand for the log probabilities, for the member's question.

    Where the question is about a target, the logit of label 0 is 0.
    """
    if isinstance(member, ClassPredictions):
        return log_probabilities
    log_odds = log_probabilities[:, 1] - log_probabilities[:, 0]
    return np.column_stack([np.zeros_like(log_odds), log_odds])


def mean_log_probabilities(predictions: Predictions | ClassPredictions) -> np.ndarray:
    """The logarithm of the mean probability over the seeds (rows x classes)."""
    if isinstance(predictions, ClassPredictions):
        of_seeds = predictions.log_probabilities
    else:
        odds = predictions.log_odds
        of_seeds = -np.logaddexp(0.0, np.stack([odds, -odds], axis=2))
    return logsumexp(of_seeds, axis=0) - np.log(len(of_seeds))


def positions_of(rows: np.ndarray, predictions: Predictions | ClassPredictions) -> np.ndarray:
    """Where each of the `rows` first stands in the predictions; -1 if it is not there."""
    known, first = np.unique(predictions.row, return_index=True)
    place = np.searchsorted(known, rows).clip(max=len(known) - 1)
    return np.where(known[place] == rows, first[place], -1)
