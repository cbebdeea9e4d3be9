"""A small search in a recipe: which settings are tried."""

import math
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, model_validator

from whosaid.config.value_types import Count, Section, Seed

MOST_TRIALS = 50


class Search(Section):
    """Settings of a recipe to try; the one that is best on valid becomes the variant."""

    method: Literal["grid", "random"] = Field(
        "grid", description="Try all combinations of the values, or so many `trials` at random."
    )
    settings: dict[str, tuple[Any, ...]] = Field(
        description="Values to try, by the key of the variant, such as `training.learning_rate`."
    )
    trials: Count | None = Field(
        None, description="How many different combinations `random` tries; null with `grid`."
    )
    seed: Seed = Field(1, description="The seed of the method `random`.")
    show_trials: bool = Field(
        False, description="Each trial also has a row of its own, and is scored on test like any."
    )

    @model_validator(mode="after")
    def _is_a_search(self):
        if empty := [key for key, values in self.settings.items() if not values]:
            raise ValueError(f"settings: {empty[0]} has no values to try")
        for key in self.settings:
            if inner := [other for other in self.settings if other.startswith(f"{key}.")]:
                raise ValueError(f"settings: {key} has {inner[0]} in it; name one of them")
        if (self.method == "random") != (self.trials is not None):
            raise ValueError("trials: a number with method random, null with grid")
        combinations = math.prod(map(len, self.settings.values()))
        if not 2 <= self.tried <= min(combinations, MOST_TRIALS):
            raise ValueError(
                f"{self.tried} of {combinations} combinations of settings; a search tries at least "
                f"2 and at most {MOST_TRIALS}, each once"
            )
        return self

    @property
    def tried(self) -> int:
        """How many combinations are tried."""
        return self.trials or math.prod(map(len, self.settings.values()))

    def combinations(self) -> Iterator[dict[str, Any]]:
        """The settings of each trial, by key, in a fixed order."""
        # Only a config with a search pays for the import of scikit-learn.
        from sklearn.model_selection import ParameterGrid, ParameterSampler

        if self.trials is None:
            yield from ParameterGrid(self.settings)
        else:
            yield from ParameterSampler(self.settings, self.trials, random_state=self.seed)
