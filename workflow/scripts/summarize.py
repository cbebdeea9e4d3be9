"""Write the tables of an experiment, and where each of their numbers stands.

In: the metric files of every variant and split, the training records, the comparison, the corpus
facts, the pictures. Out: `summary.md`, with one row per variant in config order, and
`summary.json`, with the address of each number of it: file, keys, form.
"""

import json
import logging
import os
import textwrap
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from whosaid.markdown import table
from whosaid.numbers import Numbers, duration, rendered
from whosaid.splits import SPLITS
from whosaid.stage import stage
from whosaid.whole import whole, write_json

logger = logging.getLogger(__name__)

METRICS = {"accuracy": "accuracy", "f1": "F1", "precision": "precision", "recall": "recall"}

WIDTH = 180
"""Paragraphs are about as wide as the tables."""

FLOOR_METRICS = ("accuracy", "f1", "average_precision")

FLOORS = {"never": "*never*", "always": "*always*", "prior_random": "*random*"}


@dataclass(frozen=True)
class Variant:
    """The files of a variant: the metrics of each split, the training record of each seed.

    `settings` is the place of its settings in the summary's own JSON file.
    """

    name: str
    settings: tuple[str, str, str, int]
    metrics: dict[str, str]
    records: list[str]


class Summary:
    """The parts of the page, each a Markdown text; called in the order of the page."""

    def __init__(self, numbers: Numbers, variants: list[Variant], comparison: str, reference: str):
        """`comparison` is a path, `reference` the name of a variant."""
        self.numbers, self.variants, self.comparison = numbers, variants, comparison
        self.reference = next(variant for variant in variants if variant.name == reference)

    def title(self, variant: Variant) -> str:
        """The title of a variant."""
        return self.numbers.text(*variant.settings, "title", form="text")

    def titles(self, variants: list[Variant]) -> str:
        """The titles of several variants."""
        if variants == self.variants:
            return "All variants"
        return ", ".join(map(self.title, variants))

    def introduction(self, settings: str, corpus: str) -> str:
        """The question, the corpus, and what each split is for."""
        text = self.numbers.text
        experiment = text(settings, "settings", "experiment", form="text")
        target = text(settings, "settings", "target_speaker", form="text")
        csv = text(corpus, "csv", form="text")
        rows = text(corpus, "rows", form=",d")
        roles = [
            f"*{split}*: {text(path, 'role', form='text')}"
            for split, path in self.reference.metrics.items()
        ]
        return f"# {experiment}: which lines are {target}'s?\n\n" + wrapped(
            f"{csv}, {rows} rows. What the splits are for: " + " ".join(roles)
        )

    def told(self) -> str:
        """The table of what the test split can tell, floors below the variants."""
        headers = ["variant", "rows", "accuracy", "F1", "vs reference", "detectable"]
        headers += ["F1 at threshold", "vs reference", "average precision", "seeds"]
        rows = [self._told_of(variant) for variant in self.variants]
        for answer, variants, most in self._floors():
            title = FLOORS[answer] if most else f"{FLOORS[answer]}, {self.titles(variants)}"
            accuracy, f1, average_precision = self._floor_cells(variants[0], answer)
            rows.append([title, "", accuracy, f1, *[""] * 4, average_precision, ""])
        return table(rows, headers)

    def _told_of(self, variant: Variant) -> list[str]:
        number = partial(self.numbers.text, variant.metrics["test"])
        return [
            self.title(variant),
            number("rows", form=",d"),
            number("metrics", "accuracy"),
            self._estimate(variant, "f1"),
            self._verdict(variant, "f1"),
            self._detectable(variant),
            self._estimate(variant, "f1_at_threshold"),
            self._verdict(variant, "f1_at_threshold"),
            self._estimate(variant, "average_precision"),
            self._seeds(variant),
        ]

    def _estimate(self, variant: Variant, metric: str) -> str:
        path = variant.metrics["test"]
        return self.numbers.estimate(path, ("metrics", metric), ("intervals", metric))

    def _verdict(self, variant: Variant, metric: str) -> str:
        if variant is self.reference:
            return "reference"
        address = (self.comparison, "variants", variant.name, "metrics", metric)
        difference = self.numbers.text(*address, "difference", form="+z.3f")
        return f"{difference} {self.numbers.text(*address, 'verdict', form='text')}"

    def _detectable(self, variant: Variant) -> str:
        if variant is self.reference:
            return ""
        address = (self.comparison, "variants", variant.name, "metrics", "f1")
        return self.numbers.text(*address, "smallest_detectable_difference")

    def _seeds(self, variant: Variant) -> str:
        path = variant.metrics["test"]
        count = self.numbers.text(path, "seeds", form="length")
        if self.numbers.value(path, "spread", "f1") is None:
            return count
        return f"{count} ± {self.numbers.text(path, 'spread', 'f1')}"

    def _floors(self) -> list[tuple[str, list[Variant], bool]]:
        """Each floor with the variants for which it reads the same, and whether these are most."""
        groups = []
        for answer in FLOORS:
            alike: dict[tuple[str, ...], list[Variant]] = {}
            for variant in self.variants:
                floor = self.numbers.value(variant.metrics["test"], "trivial", answer)
                texts = tuple(rendered(floor[name], "z.3f") for name in FLOOR_METRICS)
                alike.setdefault(texts, []).append(variant)
            most = max(alike.values(), key=len)
            groups += [(answer, each, each is most) for each in alike.values()]
        order = self.variants.index
        return sorted(groups, key=lambda group: (not group[2], order(group[1][0])))

    def _floor_cells(self, variant: Variant, answer: str) -> list[str]:
        number = partial(self.numbers.text, variant.metrics["test"], "trivial", answer)
        return [number(name) for name in FLOOR_METRICS]

    def legend(self) -> str:
        """How to read that table."""
        text = partial(self.numbers.text, self.comparison)
        confidence = text("confidence", form="percent")
        resamples = text("resamples", form=",d")
        reference = self.title(self.reference)
        correction = text("correction", form="text")
        return wrapped(
            f"Brackets: {confidence} intervals, by {resamples} resamples of the rows and the "
            f"spread over the seeds. *vs reference* ({reference}): the difference on the test rows "
            "that both hold out, and whether it is real, at the same level and corrected "
            f"({correction}). *cannot tell* does not mean equal: *detectable* is the smallest "
            "difference in F1 that these rows would most likely show. *F1 at threshold* answers "
            "with the target from the probability on that was best on *valid*, F1 from a half on. "
            "*seeds*: how many, ± the standard deviation of F1. *never*, *always* and *random* (as "
            "often as the target stands in *train*) answer without reading the line; a floor that "
            "names no variant is that of all variants not named by another."
        )

    def splits(self) -> str:
        """The table of every split, with published figures where there are any."""
        headers = ["variant", *METRICS.values(), "rows", "training"]
        return table([row for each in self.variants for row in self._rows_of(each)], headers)

    def _rows_of(self, variant: Variant) -> list[list[str]]:
        row = [
            self.title(variant),
            *self._metric_cells(variant, "metrics"),
            self._per_split(variant, "rows", form=",d"),
            self._duration(variant),
        ]
        if self.numbers.value(variant.metrics["test"], "published") is None:
            return [row]
        published = [
            "— published",
            *self._metric_cells(variant, "published"),
            "",
            self.numbers.text(*variant.settings, "published_seconds", form="duration"),
        ]
        difference = ["— difference", *self._metric_cells(variant, "difference", "+z.3f"), "", ""]
        return [row, published, difference]

    def _metric_cells(self, variant: Variant, key: str, form: str = "z.3f") -> list[str]:
        return [self._per_split(variant, key, name, form=form) for name in METRICS]

    def _per_split(self, variant: Variant, *keys: str, form: str) -> str:
        texts = (self.numbers.text(path, *keys, form=form) for path in variant.metrics.values())
        return " / ".join(texts)

    def _duration(self, variant: Variant) -> str:
        seconds = {path: self.numbers.value(path, "seconds") for path in variant.records}
        ends = (choose(seconds, key=seconds.get) for choose in (min, max))
        shown = {duration(seconds[path]): path for path in ends}
        texts = (self.numbers.text(path, "seconds", form="duration") for path in shown.values())
        return " to ".join(texts)

    def devices(self) -> str:
        """What the models were trained on."""
        records: dict[str, str] = {}
        for record in (record for variant in self.variants for record in variant.records):
            records.setdefault(self.numbers.value(record, "device"), record)
        names = (self.numbers.text(record, "device", form="text") for record in records.values())
        return wrapped(f"Cells read train / test / valid. Trained on: {', '.join(names)}.")

    def notes(self) -> str:
        """Refused rows, rows that are not shared, and what the JSON files remark, each once."""
        notes = [self._refusal(variant) for variant in self.variants]
        notes.append(self._shared())
        remarks: dict[str, tuple[tuple, list[Variant]]] = {}
        for variant in self.variants:
            for address in self._remarks(variant):
                _, of = remarks.setdefault(self.numbers.value(*address), (address, []))
                if variant not in of:
                    of.append(variant)
        for address, variants in remarks.values():
            notes.append(f"{self.titles(variants)}: {self.numbers.text(*address, form='text')}")
        return "\n".join(wrapped(f"- {note}", indent="  ") for note in notes if note)

    def _refusal(self, variant: Variant) -> str:
        path = variant.metrics["test"]
        if not self.numbers.value(path, "refused", "rows"):
            return ""
        return (
            f"{self.title(variant)} refuses "
            f"{self.numbers.text(path, 'refused', 'rows', form=',d')} test lines as too short, "
            "which counts as the answer that they are not the target's. "
            f"F1 on the others: {self.numbers.text(path, 'answered', 'f1')}."
        )

    def _shared(self) -> str:
        shared = []
        for variant in self.variants:
            if variant is not self.reference:
                address = (self.comparison, "variants", variant.name, "rows")
                path = variant.metrics["test"]
                if self.numbers.value(*address) != self.numbers.value(path, "rows"):
                    rows = self.numbers.text(*address, form=",d")
                    shared.append(f"{rows} ({self.title(variant)})")
        return f"Test rows shared with the reference: {', '.join(shared)}." if shared else ""

    def _remarks(self, variant: Variant) -> list[tuple]:
        """The addresses of the notes on a variant."""
        lists = [(path, "notes") for path in variant.metrics.values()]
        if variant is not self.reference:
            lists.append((self.comparison, "variants", variant.name, "notes"))
        return [(*each, place) for each in lists for place in range(len(self.numbers.value(*each)))]


def wrapped(text: str, indent: str = "") -> str:
    """A paragraph in lines of at most WIDTH characters, those after the first with an indent."""
    return textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def pictures(figures: list[str], folder: Path) -> str:
    """The pictures, as seen from the `folder` of the page."""
    names = (Path(figure).stem.replace("_", " ") for figure in figures)
    links = (Path(os.path.relpath(figure, folder)).as_posix() for figure in figures)
    return "\n".join(f"![{name}]({link})" for name, link in zip(names, links, strict=True))


def read_variants(
    numbers: Numbers, settings: str, variants: list[dict], metrics: list[str], records: list[str]
) -> list[Variant]:
    """The files of each variant; `records` and the seeds of the `variants` are in one order."""
    of_splits: dict[str, dict[str, str]] = {}
    for path in metrics:
        result = numbers.value(path)
        of_splits.setdefault(result["variant"], {})[result["split"]] = path
    remaining = iter(records)
    return [
        Variant(
            name=variant["name"],
            settings=(settings, "settings", "variants", place),
            metrics={split: of_splits[variant["name"]][split] for split in SPLITS},
            records=[next(remaining) for _ in variant["seeds"]],
        )
        for place, variant in enumerate(variants)
    ]


def main(
    corpus: str,
    metrics: list[str],
    records: list[str],
    comparison: str,
    figures: list[str],
    summary: str,
    numbers: str,
    experiment: str,
    target_speaker: str,
    reference: str,
    variants: list[dict[str, Any]],
) -> None:
    """Write the page to `summary` and the addresses of its numbers to `numbers`.

    `metrics` holds a path per variant and split, `records` one per variant and seed, both in the
    order of `variants`. What the config says is kept in `numbers` too, under `settings`.
    """
    settings = {
        "experiment": experiment,
        "target_speaker": target_speaker,
        "reference": reference,
        "variants": variants,
    }
    addresses = Numbers({numbers: {"settings": settings}})
    files = read_variants(addresses, numbers, variants, metrics, records)
    page = Summary(addresses, files, comparison, reference)
    parts = [
        page.introduction(numbers, corpus),
        "## What can be told on the test split",
        page.told(),
        page.legend(),
        "## Every split",
        page.splits(),
        page.devices(),
        page.notes(),
        "## Pictures",
        pictures(figures, Path(summary).parent),
    ]
    with whole(summary) as partial_summary:
        text = "\n\n".join(filter(None, parts))
        partial_summary.write_text(f"{text}\n", encoding="utf-8")
    write_json(numbers, {"settings": settings, "numbers": addresses.shown})
    logger.info("%s: %d variants", summary, len(variants))


if __name__ == "__main__":
    with stage(snakemake):
        main(
            corpus=snakemake.input.corpus,
            metrics=list(snakemake.input.metrics),
            records=list(snakemake.input.records),
            comparison=snakemake.input.comparison,
            figures=list(snakemake.input.figures),
            summary=snakemake.output.summary,
            numbers=snakemake.output.numbers,
            **json.loads(snakemake.params.settings),
        )
