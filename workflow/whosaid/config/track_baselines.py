"""The baselines of a track: linear variants on the rows and the context of its first encoder."""

from collections.abc import Iterator, Mapping
from typing import Any

from whosaid.config.model import Config
from whosaid.config.recipe_section import Variant
from whosaid.config.tracks import Track

OF_TEXT = ("word_ngrams", "character_ngrams")


def track_baselines(config: Config) -> dict[str, dict[str, Any]]:
    """The baselines of every track that a variant with an encoder is of, as raw variants by name.

    A variant of that name in the config stays as it is.
    """
    first: dict[Track, Variant] = {}
    for variant in config.variants.values():
        if variant.classifier == "encoder":
            first.setdefault(variant.track, variant)
    return {
        name: spec
        for track in sorted(first)
        for name, spec in _of_track(track, first[track])
        if name not in config.variants
    }


def _of_track(track: Track, like: Variant) -> Iterator[tuple[str, dict[str, Any]]]:
    apart = {"title", "classifier", "linear", "published"}
    recipe = like.model_dump(mode="json", exclude=apart)
    if like.context:
        recipe["context"]["reading"] = "window"  # a linear one reads line by line
    given = like.context.features if like.context else ()
    names = [feature for feature in given if feature != "context_words"]

    def linear(title: str, features: list[str], **more: Any) -> dict[str, Any]:
        spec = {"title": title, "classifier": "linear", "linear": {"features": features}}
        return {**recipe, **spec, **more}

    yield f"track_{track}_tfidf", linear(f"TF-IDF, track {track}", [*OF_TEXT, *given])
    without = "Without any text" if names else "Length alone"
    yield (
        f"track_{track}_without_text",
        linear(f"{without}, track {track}", names or ["word_count"]),
    )
    if like.context:
        context: Mapping[str, Any] = {**recipe["context"], "shuffled": True}
        shuffled = f"TF-IDF, context of another row, track {track}"
        yield f"track_{track}_shuffled", linear(shuffled, [*OF_TEXT, *given], context=context)
