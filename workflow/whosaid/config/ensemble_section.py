"""The section `ensemble` of a recipe: whose predictions are combined, and how."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from whosaid.config.value_types import Section, Text, refuse_bool

Weights = Literal["equal", "learned", "best", "pooled"]


class Ensemble(Section):
    """What other variants predict, combined, for `classifier: ensemble`; no model is trained."""

    members: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        description="Names of variants that hold out the same rows. The probabilities of their "
        "seeds are averaged, and then those of the members."
    )
    weights: Weights = Field(
        "equal",
        description="`equal`: all members count alike. `learned`: a logistic regression on what "
        "they predict, fitted on valid. `best`: the member with the best average precision on "
        "valid, or macro F1 in the question `speakers`, counts alone. `pooled` is not "
        "for a config: `split.folds` makes it of a variant's folds.",
    )
    neighbours: Annotated[int, BeforeValidator(refuse_bool), Field(ge=0, le=5)] = Field(
        0,
        description="With `learned` weights: of how many lines before and after, in the same scene "
        "and split, the regression also reads what the members predict, those that read no names.",
    )

    @model_validator(mode="after")
    def _members_once(self):
        if len(set(self.members)) != len(self.members):
            raise ValueError(f"members {list(self.members)} name one variant twice")
        return self

    @model_validator(mode="after")
    def _neighbours_are_learned(self):
        if self.neighbours and self.weights != "learned":
            raise ValueError(f"neighbours: {self.neighbours} needs weights: learned")
        return self
