"""What each search of the experiment tried, and what it found."""

from collections.abc import Container, Sequence
from typing import Any

from whosaid.reporting.formats import METRIC, rendered
from whosaid.reporting.markdown import escaped, table
from whosaid.reporting.model_facts import Model


def searches(models: Sequence[Model], shown: Container[str]) -> list[str]:
    """A heading, and for each search a table of its trials; nothing if there is no search.

    `shown` are the names of the variants that have rows, trials among them if the config says so.
    The settings and the scores are those in the record of the first seed: all seeds have the same.
    """
    first: dict[str, dict[str, Any]] = {}
    for model in models:
        made = model.record.get("arguments", {})
        if "settings" in made:
            first.setdefault(model.title, made)
    if not first:
        return []
    tables = (_search(title, made, shown) for title, made in first.items())
    return ["## What the searches tried", *tables]


def _search(title: str, made: dict[str, Any], shown: Container[str]) -> str:
    keys = list(dict.fromkeys(key for settings in made["settings"] for key in settings))
    metric = made["metric"].replace("_", " ")
    rows = [
        [
            escaped(member["name"]),
            *(escaped(str(settings[key])) for key in keys),
            rendered(score, METRIC),
            "chosen" if member["name"] == made["best"] else "",
        ]
        for member, settings, score in zip(
            made["members"], made["settings"], made["scores"], strict=True
        )
    ]
    seeds = len(made["members"][0]["seeds"])
    others = "The others are not scored on test."
    if made["members"][0]["name"] in shown:
        others = "Each has a row of its own too."
    about = (
        f"*{escaped(title)}* is the best of {len(rows)} trials by {metric} on valid, "
        f"{'with one seed' if seeds == 1 else f'as a mean over {seeds} seeds'}. {others}"
    )
    headers = ["trial", *map(escaped, keys), f"{metric} on valid", ""]
    return f"{about}\n\n{table(rows, headers)}"
