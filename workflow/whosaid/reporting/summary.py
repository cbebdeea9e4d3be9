"""The tables and paragraphs of the summary page."""

import os
import textwrap
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from whosaid.evaluation.metrics import METRICS
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS
from whosaid.reported_split import REPORTED
from whosaid.reporting.addressed_numbers import AddressedNumbers
from whosaid.reporting.formats import COUNT, DIFFERENCE, METRIC, duration, rendered
from whosaid.reporting.markdown import table
from whosaid.split_names import SPLITS

WIDTH = 180
"""The width of paragraphs, about that of the tables."""

TRIVIAL_METRICS = ("accuracy", "f1", "average_precision")

TRIVIAL = {"never": "*never*", "always": "*always*", "prior_random": "*random*"}


@dataclass(frozen=True)
class Variant:
    """The files of a variant: the metrics of each split, the training record of each seed.

    `settings` is the summary's own JSON file and the keys that lead to the variant in it.
    """

    name: str
    settings: tuple[str, str, str, int]
    metrics: dict[str, str]
    records: list[str]


class Summary:
    """The parts of the page as Markdown; call them in the order of the page."""

    def __init__(
        self, numbers: AddressedNumbers, variants: list[Variant], comparison: str, reference: str
    ):
        """`comparison` is the path of a JSON file, `reference` the name of a variant."""
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
        rows = text(corpus, "rows", form=COUNT)
        reference = self.title(self.reference)
        roles = [
            f"*{split}*: {text(path, 'role', form='text')}"
            for split, path in self.reference.metrics.items()
        ]
        return f"# {experiment}: which lines are {target}'s?\n\n" + wrapped(
            f"{csv}, {rows} rows. All variants are compared with {reference}. " + " ".join(roles)
        )

    def test_split(self) -> str:
        """The table of the test split, with the trivial classifiers below the variants."""
        accuracy, f1, at_threshold, precision = (
            METRICS[name].title
            for name in ("accuracy", "f1", "f1_at_threshold", "average_precision")
        )
        headers = ["variant", "rows", accuracy, f1, "vs reference", "detectable"]
        headers += [at_threshold, "vs reference", precision, "seeds"]
        rows = [self._test_row(variant) for variant in self.variants]
        for kind, variants, most in self._trivial():
            title = TRIVIAL[kind] if most else f"{TRIVIAL[kind]}, {self.titles(variants)}"
            accuracy, f1, average_precision = self._trivial_cells(variants[0], kind)
            rows.append([title, "", accuracy, f1, *[""] * 4, average_precision, ""])
        return table(rows, headers)

    def _test_row(self, variant: Variant) -> list[str]:
        number = partial(self.numbers.text, variant.metrics[REPORTED])
        return [
            self.title(variant),
            number("rows", form=COUNT),
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
        path = variant.metrics[REPORTED]
        return self.numbers.estimate(path, ("metrics", metric), ("intervals", metric))

    def _verdict(self, variant: Variant, metric: str) -> str:
        if variant is self.reference:
            return "reference"
        address = (self.comparison, "variants", variant.name, "metrics", metric)
        difference = self.numbers.text(*address, "difference", form=DIFFERENCE)
        return f"{difference} {self.numbers.text(*address, 'verdict', form='text')}"

    def _detectable(self, variant: Variant) -> str:
        if variant is self.reference:
            return ""
        address = (self.comparison, "variants", variant.name, "metrics", "f1")
        return self.numbers.text(*address, "smallest_detectable_difference")

    def _seeds(self, variant: Variant) -> str:
        path = variant.metrics[REPORTED]
        count = self.numbers.text(path, "seeds", form="length")
        if self.numbers.value(path, "spread", "f1") is None:
            return count
        return f"{count} ± {self.numbers.text(path, 'spread', 'f1')}"

    def _trivial(self) -> list[tuple[str, list[Variant], bool]]:
        """Each trivial classifier, variants with the same row for it, whether these are most."""
        groups = []
        for kind in TRIVIAL:
            alike: dict[tuple[str, ...], list[Variant]] = {}
            for variant in self.variants:
                scores = self.numbers.value(variant.metrics[REPORTED], "trivial", kind)
                texts = tuple(rendered(scores[name], METRIC) for name in TRIVIAL_METRICS)
                alike.setdefault(texts, []).append(variant)
            most = max(alike.values(), key=len)
            groups += [(kind, each, each is most) for each in alike.values()]
        order = self.variants.index
        return sorted(groups, key=lambda group: (not group[2], order(group[1][0])))

    def _trivial_cells(self, variant: Variant, kind: str) -> list[str]:
        number = partial(self.numbers.text, variant.metrics[REPORTED], "trivial", kind)
        return [number(name) for name in TRIVIAL_METRICS]

    def legend(self) -> str:
        """How to read the table of the test split."""
        text = partial(self.numbers.text, self.comparison)
        confidence = text("confidence", form="percent")
        resamples = text("resamples", form=COUNT)
        reference = self.title(self.reference)
        correction = text("correction", form="text")
        return wrapped(
            f"Brackets are {confidence} intervals, from {resamples} resamples of the rows and the "
            f"spread over the seeds. *vs reference* is the difference from {reference} on the test "
            f"rows that both hold out, with a verdict at the same level ({correction}). *cannot "
            "tell* does not mean equal: *detectable* is the smallest difference in F1 that these "
            "rows would most likely show. *F1* uses a threshold of one half, *F1 at threshold* the "
            "threshold with the best F1 on *valid*. *seeds* is their number, ± the standard "
            "deviation of F1. *never*, *always* and *random* predict without reading the line: "
            "never the target, always, or as often as it occurs in *train*. A row of these without "
            "a variant's name is for every variant that has no row of its own."
        )

    def splits(self) -> str:
        """The table of every split, with published figures where there are any."""
        headers = ["variant", *(metric.title for metric in PUBLISHED_METRICS), "rows", "training"]
        return table([row for each in self.variants for row in self._rows_of(each)], headers)

    def _rows_of(self, variant: Variant) -> list[list[str]]:
        row = [
            self.title(variant),
            *self._metric_cells(variant, "metrics"),
            self._per_split(variant, "rows", form=COUNT),
            self._duration(variant),
        ]
        if self.numbers.value(variant.metrics[REPORTED], "published") is None:
            return [row]
        published = [
            "— published",
            *self._metric_cells(variant, "published"),
            "",
            self.numbers.text(*variant.settings, "published_seconds", form="duration"),
        ]
        difference = [
            "— difference",
            *self._metric_cells(variant, "difference", DIFFERENCE),
            "",
            "",
        ]
        return [row, published, difference]

    def _metric_cells(self, variant: Variant, key: str, form: str = METRIC) -> list[str]:
        return [
            self._per_split(variant, key, metric.name, form=form) for metric in PUBLISHED_METRICS
        ]

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
        """The devices that the models were trained on."""
        records: dict[str, str] = {}
        for record in (record for variant in self.variants for record in variant.records):
            records.setdefault(self.numbers.value(record, "device"), record)
        names = (self.numbers.text(record, "device", form="text") for record in records.values())
        return wrapped(f"Cells read train / test / valid. Trained on: {', '.join(names)}.")

    def notes(self) -> str:
        """Abstentions, rows shared with the reference, and notes of the JSON files, each once."""
        notes = [self._abstentions(variant) for variant in self.variants]
        notes.append(self._shared())
        found: dict[str, tuple[tuple, list[Variant]]] = {}
        for variant in self.variants:
            for address in self._remarks(variant):
                _, of = found.setdefault(self.numbers.value(*address), (address, []))
                if variant not in of:
                    of.append(variant)
        for address, variants in found.values():
            notes.append(f"{self.titles(variants)}: {self.numbers.text(*address, form='text')}")
        return "\n".join(wrapped(f"- {note}", indent="  ") for note in notes if note)

    def _abstentions(self, variant: Variant) -> str:
        path = variant.metrics[REPORTED]
        if not self.numbers.value(path, "abstained", "rows"):
            return ""
        return (
            f"{self.title(variant)} abstains on "
            f"{self.numbers.text(path, 'abstained', 'rows', form=COUNT)} test lines that are too "
            "short for it, which counts as predicting that they are not the target's. "
            f"F1 on the others: {self.numbers.text(path, 'answered', 'f1')}."
        )

    def _shared(self) -> str:
        shared = []
        for variant in self.variants:
            if variant is not self.reference:
                address = (self.comparison, "variants", variant.name, "rows")
                path = variant.metrics[REPORTED]
                if self.numbers.value(*address) != self.numbers.value(path, "rows"):
                    rows = self.numbers.text(*address, form=COUNT)
                    shared.append(f"{rows} ({self.title(variant)})")
        return f"Test rows shared with the reference: {', '.join(shared)}." if shared else ""

    def _remarks(self, variant: Variant) -> list[tuple]:
        """The addresses of the notes on a variant."""
        lists = [(path, "notes") for path in variant.metrics.values()]
        if variant is not self.reference:
            lists.append((self.comparison, "variants", variant.name, "notes"))
        return [(*each, place) for each in lists for place in range(len(self.numbers.value(*each)))]


def wrapped(text: str, indent: str = "") -> str:
    """A paragraph in lines of at most WIDTH characters; `indent` starts all lines but the first."""
    return textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def figure_links(figures: list[str], folder: Path) -> str:
    """Links to the figures, relative to the `folder` of the page."""
    names = (Path(figure).stem.replace("_", " ") for figure in figures)
    links = (Path(os.path.relpath(figure, folder)).as_posix() for figure in figures)
    return "\n".join(f"![{name}]({link})" for name, link in zip(names, links, strict=True))


def read_variants(
    numbers: AddressedNumbers,
    settings: str,
    variants: list[dict],
    metrics: list[str],
    records: list[str],
) -> list[Variant]:
    """The files of each variant; `records` is in the order of the `variants` and their seeds."""
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
