"""Puts the names of speakers right, and finds names that seem to be one person."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from whosaid.config.speaker_names import final_name, normalise_name
from whosaid.corpus.headers import nearest
from whosaid.errors import InputError


class Renamed(NamedTuple):
    """The lines after their speakers were put right, and what was merged and dropped, by count."""

    lines: pd.DataFrame
    merged: dict[str, dict[str, int]]
    dropped: dict[str, int]


def rename_speakers(lines: pd.DataFrame, speakers: Mapping[str, Any], source: str) -> Renamed:
    """The lines with normalised names and aliases, without the dropped ones.

    `speakers` is the section `corpus.speakers` of the config, `source` names the files in messages.
    Raises InputError if an alias or a dropped name fits no speaker.
    """
    normalise, aliases = speakers["normalise"], speakers["aliases"]
    written = lines["speaker"].value_counts().to_dict()
    known = {normalise_name(name, normalise): name for name in written}
    targets = [normalise_name(name, normalise) for name in aliases.values()]
    for name, target in zip(aliases, targets, strict=True):
        key = normalise_name(name, normalise)
        if key not in known:
            raise InputError(_unknown(source, "aliases", name, known))
        if target not in known and targets.count(target) < 2:
            raise InputError(
                _unknown(source, f"aliases.{name}", target, known)
                + "; a new name needs at least two aliases"
            )
    final = {name: final_name(name, normalise, aliases) for name in written}
    names = {*final.values()}
    for name in speakers["drop"]:
        if normalise_name(name, normalise) not in names:
            raise InputError(_unknown(source, "drop", name, names))
    merged: dict[str, dict[str, int]] = {}
    for name, count in written.items():
        merged.setdefault(final[name], {})[name] = count
    normal = {name: normalise_name(name, normalise) for name in written}
    merged = {
        name: of
        for name, of in merged.items()
        if len(of) > 1 or any(normal[each] != name for each in of)
    }
    if any(name != after for name, after in final.items()):
        lines = lines.assign(speaker=lines["speaker"].map(final).astype("str"))
    drop = {normalise_name(name, normalise) for name in speakers["drop"]}
    is_dropped = lines["speaker"].isin(drop)
    dropped = lines.loc[is_dropped, "speaker"].value_counts().to_dict()
    return Renamed(lines[~is_dropped] if drop else lines, merged, dropped)


def _unknown(source: str, key: str, name: str, known: Any) -> str:
    return (
        f"{source}: corpus.speakers.{key}: {name!r} is no speaker{nearest(name, known)}; "
        "correct or remove it"
    )


def check_look_alikes(
    top: Sequence[str], counts: Mapping[str, int], speakers: Mapping[str, Any], source: str
) -> None:
    """Raise InputError if two of the `top` names differ only in case, blanks or end punctuation.

    `counts` holds the number of lines of every speaker, the most frequent first. An alias of one
    of the names to itself says that they are not one person.
    """
    meant = {
        normalise_name(name, speakers["normalise"])
        for name, other in speakers["aliases"].items()
        if normalise_name(name, speakers["normalise"])
        == normalise_name(other, speakers["normalise"])
    }
    alike: dict[str, list[str]] = {}
    for name in counts:
        alike.setdefault(_likeness(name), []).append(name)
    for first, *others in alike.values():
        if len({first, *others} & {*top}) < 2 or {first, *others} & meant:
            continue
        if len({name.strip() for name in (first, *others)}) == 1:
            remedy = "corpus.speakers.normalise: strip"
        elif len({name.strip().casefold() for name in (first, *others)}) == 1:
            remedy = "corpus.speakers.normalise: casefold"
        else:
            pairs = ", ".join(f"{quoted(name)}: {quoted(first)}" for name in others)
            remedy = f"corpus.speakers.aliases: {{{pairs}}}"
        found = ", ".join(f"{name!r} ({counts[name]:,} lines)" for name in (first, *others))
        raise InputError(
            f"{source}: the speakers {found} seem to be one: set {remedy}; if they are not, set "
            f"corpus.speakers.aliases: {{{quoted(first)}: {quoted(first)}}}"
        )


def quoted(name: str) -> str:
    """The name in quotes, as YAML takes it."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _likeness(name: str) -> str:
    whole = "".join(name.casefold().split())
    ends = "".join(sign for sign in whole if unicodedata.category(sign)[0] in "PS")
    return whole.strip(ends) or whole
