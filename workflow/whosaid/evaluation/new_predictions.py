"""The decisions on new lines, whose speaker nobody has to know, from the logits of each seed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import softmax


def decide(
    question: str,
    lines: pd.DataFrame,
    logits: np.ndarray,
    names: Sequence[str],
    seeds: Sequence[int],
    thresholds: Sequence[float] | None,
) -> pd.DataFrame:
    """A row for each of the `lines`: its place in the file, the line, and who says it.

    `logits` are seeds x lines x classes, `names` those of the classes. `predicted` is the class
    with the highest mean probability over the seeds. For the question `target` the column
    `probability` is that of the target, and `at_threshold` what most seeds decide at their own
    `thresholds`; a tie is not the target's. For `speakers` it is that of the predicted class, and
    the next one follows with its probability. `predicted_seed_{seed}` is the decision of each model
    alone, at the highest probability.
    """
    of_seeds = softmax(logits.astype(np.float64), axis=2)
    mean = of_seeds.mean(axis=0)
    order = np.argsort(-mean, axis=1, kind="stable")
    classes, everyone = np.array(names, dtype=object), np.arange(len(mean))
    found = {"row": lines.index.to_numpy(), "line": lines["line"].to_numpy()}
    found["predicted"] = classes[order[:, 0]]
    if question == "target":
        found["probability"] = mean[:, 1]
        if thresholds is not None:
            above = of_seeds[:, :, 1] >= np.array(thresholds)[:, None]
            found["at_threshold"] = classes[(above.mean(axis=0) > 0.5).astype(int)]
    else:
        found["probability"] = mean[everyone, order[:, 0]]
        found["next"] = classes[order[:, 1]]
        found["probability_of_next"] = mean[everyone, order[:, 1]]
    for seed, alone in zip(seeds, of_seeds, strict=True):
        found[f"predicted_seed_{seed}"] = classes[alone.argmax(axis=1)]
    return pd.DataFrame(found)
