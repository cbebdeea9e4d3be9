"""The warnings about figures, each with a code that the config can leave out of the pages."""

WARNINGS = {
    "W101": "there is one seed, so the intervals do not cover what another seed would change",
    "W102": "the published figures answer another question and are left out",
    "W103": "the target says no row of a split, or every row",
    "W104": "test rows stand in train word for word",
    "W105": "one row of a split is the target's",
    "W106": "a model gives every row the same score",
    "W107": "a model predicts the same for every row",
    "W108": "valid offers no choice of a threshold, so it is 0.5",
    "W109": "a model never predicts some class",
    "W201": "a compared variant has one seed, so the verdict is about one model",
    "W202": "no row that two variants share is the target's",
    "W203": "too few units hold a shared row of the rarest class for a verdict",
    "W204": "all resamples of a difference are alike, so it has no interval",
    "W205": "no row is in the test split of both variants",
}
"""What each code stands for: 1xx is about a variant, 2xx about a comparison."""


def warning(code: str, text: str) -> str:
    """The text of a warning with its code in front. Raises KeyError if there is no such code."""
    if code not in WARNINGS:
        raise KeyError(code)
    return f"{code}: {text}"


def code_of(text: str) -> str:
    """The code of a warning."""
    return text.partition(":")[0]
