"""The context of a line in a recipe: what of the lines around it a model may know."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from whosaid.config.column_names import CONTEXT_FEATURES
from whosaid.config.tracks import Track
from whosaid.config.value_types import Count, Section

MOST_LINES = 1000


def _lines(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if value != "scene" and not (is_number and 0 <= value <= MOST_LINES):
        raise ValueError(f"must be a number from 0 to {MOST_LINES}, or `scene`")
    return value


Lines = Annotated[
    Annotated[int, Field(ge=0, le=MOST_LINES)] | Literal["scene"], BeforeValidator(_lines)
]


class Context(Section):
    """What a model reads around a line; its own speaker only with `scene_names: all`."""

    before: Lines = Field(
        2, description="How many lines before it; `scene`: all from the start of the scene."
    )
    after: Lines = Field(
        2, description="How many lines after it; `scene`: all to the end of the scene."
    )
    across_scenes: bool = Field(
        False,
        description="Whether these lines may be of the scenes before and after, in the same "
        "episode; false: they end with the scene.",
    )
    texts: bool = Field(True, description="Whether it reads what these lines say.")
    names: Literal["none", "before", "around"] = Field(
        "none",
        description="Whose speakers are named: no line's, or those of the lines `before` "
        "it, or those of all lines `around` it. A name is a token of its own, `[name]`.",
    )
    scene_names: Literal["others", "all"] | None = Field(
        None,
        description="Who speaks in the scene, in alphabetical order: in its `others` lines, or in "
        "`all` of them, so the line's own speaker is always in the list; null: not said.",
    )
    fewest_lines: Count = Field(
        50, description="A speaker of fewer lines in the corpus is named `others`."
    )
    reading: Literal["window", "scene"] = Field(
        "window",
        description="How an encoder reads it. `window`: each line with its context is a sequence "
        "of its own. `scene`: a scene is one sequence, read once, with an answer for each of its "
        "lines; a batch then counts scenes.",
    )
    shuffled: bool = Field(
        False,
        description="Each row gets the context of another row of its split: a control, in which "
        "the gain by context must vanish.",
    )

    @property
    def track(self) -> Track:
        """The track of a variant with this context."""
        if self.scene_names == "all":
            return "E"
        if self.names == "around" or self.scene_names == "others":
            return "D"
        return "C" if self.names == "before" else "B"

    @property
    def features(self) -> tuple[str, ...]:
        """The features of a linear baseline that this context gives."""
        given = (self.texts, self.names != "none", self.scene_names is not None)
        return tuple(name for name, has in zip(CONTEXT_FEATURES, given, strict=True) if has)

    @model_validator(mode="after")
    def _reads_something(self):
        if not (self.features and (self.before or self.after or self.scene_names)):
            raise ValueError(
                "gives nothing to read; choose lines before or after with texts or names, or "
                "scene_names, or set context to null"
            )
        if self.names == "before" and not self.before:
            raise ValueError(
                "names: before with before: 0 names nobody; give it lines, or names: none"
            )
        of_scene = self.before == self.after == "scene" and self.texts and not self.shuffled
        if self.reading == "scene" and not of_scene:
            raise ValueError(
                "reading: scene needs before: scene, after: scene and texts: true, and nothing is "
                "shuffled; take reading: window for any other context"
            )
        if self.across_scenes and "scene" in (self.before, self.after):
            raise ValueError(
                "across_scenes does not go with `scene`; give the lines before and after as numbers"
            )
        return self
