"""Which of several variants is best on valid: the end of a search."""

from collections.abc import Sequence

from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.questions import Question
from whosaid.evaluation.resampling import once


def scores_on_valid(
    question: Question, members: Sequence[Predictions | ClassPredictions]
) -> list[float]:
    """The first metric with a verdict of each member on valid, as a mean over its seeds."""
    name = question.primary
    return [
        float(question.evaluate(each, each, [once(each, each)], [name]).metrics[name].mean())
        for each in members
    ]
