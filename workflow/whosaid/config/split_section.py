"""The section `split` of a recipe: which rows go to train, test and valid."""

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from whosaid.config.value_types import Count, Number, Section, Seed


class Fractions(Section):
    """Shares of the three splits; they sum to 1."""

    train: Annotated[Number, Field(gt=0, lt=1)] = Field(0.5, description="Share of training rows.")
    test: Annotated[Number, Field(gt=0, lt=1)] = Field(
        0.25, description="Share of test rows, which are also watched after each epoch."
    )
    valid: Annotated[Number, Field(gt=0, lt=1)] = Field(
        0.25,
        description="Share of validation rows, looked at only at the end, or, with "
        "`training.best_epoch`, after each epoch.",
    )

    @model_validator(mode="after")
    def _sum_to_one(self):
        total = self.train + self.test + self.valid
        if not math.isclose(total, 1.0, abs_tol=1e-9):
            raise ValueError(
                f"train {self.train} + test {self.test} + valid {self.valid} = {total:.6g}; "
                "the three fractions must sum to 1"
            )
        return self


class Split(Section):
    """How the rows are divided among train, test and valid."""

    method: Literal["datasets_stratified", "pandas_per_class", "group_shuffle", "group_kfold"] = (
        Field(
            "datasets_stratified",
            description="The published sampling: `datasets`' stratified `train_test_split` twice, "
            "or `pandas`' `sample` for each class. `group_shuffle` keeps groups together, so that "
            "none is in two splits; fractions are then fractions of the groups. `group_kfold` does "
            "so too, and tests on every row: in turn one of `folds` is test, the next one valid, "
            "and the others are train, whatever the fractions.",
        )
    )
    group_by: Literal["episode", "scene"] | None = Field(
        None, description="What the methods with `group` keep together; null with the others."
    )
    folds: Annotated[Count, Field(ge=3, le=100)] | None = Field(
        None,
        description="How many folds `group_kfold` makes, by scikit-learn's `StratifiedGroupKFold`; "
        "null with the other methods. So many models are trained for each seed.",
    )
    fold: Count | None = Field(
        None, description="The one fold to test on, from 1 on; null: each in turn, pooled."
    )
    fractions: Fractions = Field(Fractions(), description="Shares of the three splits.")
    train_share: Annotated[Number, Field(gt=0, lt=1)] | None = Field(
        None,
        description="Share of the rows of train that are kept, drawn from each class: for a pilot, "
        "or to see what more lines are worth. test and valid stay whole. null: all.",
    )
    seed: Seed = Field(27, description="Seed of every draw and of the final shuffles.")

    @property
    def is_pooled(self) -> bool:
        """Whether each fold is test in turn."""
        return self.method == "group_kfold" and self.fold is None

    @model_validator(mode="after")
    def _groups_have_a_method(self):
        if (self.method in ("group_shuffle", "group_kfold")) != (self.group_by is not None):
            raise ValueError(
                f"method {self.method} with group_by {self.group_by or 'null'}; group_by is "
                "episode or scene with method group_shuffle or group_kfold, and null with any other"
            )
        return self

    @model_validator(mode="after")
    def _folds_have_a_method(self):
        if (self.method == "group_kfold") != (self.folds is not None):
            raise ValueError(
                f"method {self.method} with folds {self.folds or 'null'}; folds is 3 or more with "
                "method group_kfold, and null with any other"
            )
        if self.fold is not None and self.fold > (self.folds or 0):
            raise ValueError(
                f"fold {self.fold} of folds {self.folds or 'null'}; fold is 1 to folds with method "
                "group_kfold, or null for all of them, and null with any other method"
            )
        return self
