"""The rows of which a variant is surest, right and wrong."""

import numpy as np

from whosaid.evaluation.mean_prediction import MeanPrediction

MOST = {"target": 10, "speakers": 20}
"""So many rows of each kind, for each question."""


def surest_rows(mean: MeanPrediction, question: str) -> list[tuple[str, int]]:
    """The kind and the position of each row, kind by kind, the surest first.

    Where one speaker is the target, the kinds are his lines that are found (true positive), lines
    of others that are taken for his (false positive) and his lines that are missed (false
    negative). Else they are right and wrong rows. Rows on which the variant abstains are left out,
    for there no model was asked. Of rows with the same confidence that with the smaller number
    comes first.
    """
    if question == "target":
        says, is_his = mean.predicted == 1, mean.label == 1
        kinds = {
            "true positive": says & is_his,
            "false positive": says & ~is_his,
            "false negative": ~says & is_his,
        }
    else:
        kinds = {"surest right": mean.is_right, "surest wrong": ~mean.is_right}
    order = np.lexsort([mean.row, -mean.confidence])
    chosen = []
    for kind, is_one in kinds.items():
        places = order[(is_one & ~mean.abstained)[order]][: MOST[question]]
        chosen += [(kind, int(place)) for place in places]
    return chosen
