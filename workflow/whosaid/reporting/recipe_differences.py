"""How each recipe differs from that of the reference, and where the encoders come from."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from whosaid.reporting.formats import UNDEFINED
from whosaid.reporting.markdown import escaped, table

HUB = "https://huggingface.co/"

NO_RECIPE = {"title", "published"}
"""Keys of a variant that change no result."""

IGNORED_BY = {
    "linear": {"encoder", "max_length", "training", "ensemble"},
    "encoder": {"linear", "ensemble"},
    "ensemble": {"encoder", "max_length", "training", "linear", "resample", "annotate"},
}
"""Keys of a variant that a classifier does not read."""


COMBINED = {
    "equal": "the mean of",
    "learned": "a regression, fitted on valid, on what is predicted by",
    "best": "the best on valid of",
}
"""How an ensemble combines its members, by its weights."""


def recipes(
    config: Mapping[str, Any],
    titles: Mapping[str, str],
    reference: str,
    licences: Mapping[str, Any],
) -> str:
    """The encoder of each variant, and a row for each key that differs from the reference.

    `config` is the merged config as plain values, `titles` maps names of variants to titles, in the
    order of the rows, and `reference` is the name of one of them. `licences` are those that the
    cards of encoders name, by the encoder's name.
    """
    variants = {name: of_folds(name, config["variants"]) for name in {*titles, reference}}
    encoders = [
        [escaped(title), encoder_of(variants[name], config["encoders"], licences)]
        for name, title in titles.items()
    ]
    rows = [
        [escaped(title), *map(escaped, cells)]
        for name, title in titles.items()
        for cells in differences(variants[name], variants[reference])
    ]
    of_reference = f"in {escaped(titles[reference])}"
    parts = [table(encoders, ["variant", "encoder"])]
    if rows:
        parts.append(table(rows, ["variant", "key that differs", "value", of_reference]))
    return "\n\n".join(parts)


def of_folds(name: str, variants: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The recipe of a variant; of one that pools folds that of its folds."""
    first_folds = {
        owner: spec["ensemble"]["members"][0]
        for owner, spec in variants.items()
        if spec["ensemble"] and spec["ensemble"]["weights"] == "pooled"
    }
    if name not in first_folds:
        return variants[name]
    fold = variants[first_folds[name]]
    kept = {key: variants[name][key] for key in ("title", "published", "split")}
    if fold["ensemble"]:
        owners = {first: owner for owner, first in first_folds.items()}
        members = [owners[each] for each in fold["ensemble"]["members"]]
        kept["ensemble"] = {**fold["ensemble"], "members": members}
    return {**fold, **kept}


def encoder_of(
    variant: Mapping[str, Any],
    encoders: Mapping[str, Mapping[str, Any]],
    licences: Mapping[str, Any],
) -> str:
    """The name of a variant's encoder, where it comes from, with a link to the hub, and licence."""
    if variant["classifier"] == "linear":
        return "none: a logistic regression"
    if variant["classifier"] == "ensemble":
        members = ", ".join(variant["ensemble"]["members"])
        return f"none of its own: {COMBINED[variant['ensemble']['weights']]} {escaped(members)}"
    name = variant["encoder"]
    source, licence = encoders[name], licences.get(name)
    told = f", licence {escaped(shown(licence)) if licence else 'not known'}"
    if source["hub"]:
        hub, revision = source["hub"]["name"], source["hub"]["revision"]
        link = f"{HUB}{quote(hub)}/tree/{revision}"
        return f"{escaped(name)}: [{escaped(hub)}]({link}) at {revision[:7]}{told}"
    if source["path"]:
        return f"{escaped(name)}: from the folder {escaped(source['path'])}{told}"
    built = source["scratch"]
    return (
        f"{escaped(name)}: built here without pre-training, as {built['architecture']} with "
        f"{built['num_hidden_layers']} layers of width {built['hidden_size']}"
    )


def differences(
    variant: Mapping[str, Any], reference: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """Each key of which the variant reads another value than the reference: key and both values.

    A dash stands for the value where the section of the key is null or is not read. Keys that the
    variant does not read are left out.
    """
    own, other = dict(keys_read(variant)), dict(keys_read(reference))
    left_out = IGNORED_BY[variant["classifier"]]
    for key in {**own, **other}:
        if key.partition(".")[0] not in left_out and own.get(key) != other.get(key):
            yield (
                key,
                *(shown(keys[key]) if key in keys else UNDEFINED for keys in (own, other)),
            )


def shown(value: Any) -> str:
    """A value of the config as a text: as in YAML, but a list with commas only."""
    if isinstance(value, list):
        return ", ".join(map(shown, value)) or "none"
    return value if isinstance(value, str) else json.dumps(value)


def keys_read(variant: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The keys of a variant that its classifier reads, with dots between the levels."""
    left_out = NO_RECIPE | IGNORED_BY[variant["classifier"]]
    return flattened({key: value for key, value in variant.items() if key not in left_out})


def flattened(section: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The keys of a section and of those below it, with their values."""
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
