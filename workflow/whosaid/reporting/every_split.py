"""The table of every split in the summary page, with published figures where there are any."""

from whosaid.evaluation.questions import Question
from whosaid.reported_split import REPORTED
from whosaid.reporting.addressed_numbers import AddressedNumbers
from whosaid.reporting.formats import COUNT, DIFFERENCE, METRIC, duration
from whosaid.reporting.markdown import table
from whosaid.reporting.paragraphs import wrapped
from whosaid.reporting.split_roles import split_roles
from whosaid.reporting.summary_variant import Variant


class EverySplit:
    """The table and what stands below it, as Markdown; call them in the order of the page."""

    def __init__(
        self,
        numbers: AddressedNumbers,
        variants: list[Variant],
        reference: Variant,
        asked: Question,
    ):
        self.numbers, self.variants, self.asked = numbers, variants, asked
        self.reference = reference

    def table(self) -> str:
        """The table of every split, with published figures where there are any."""
        headers = ["variant", *(metric.title for metric in self.asked.watched), "rows", "training"]
        return table([row for each in self.variants for row in self._rows_of(each)], headers)

    def _rows_of(self, variant: Variant) -> list[list[str]]:
        row = [
            variant.title(self.numbers),
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
            self._per_split(variant, key, metric.name, form=form) for metric in self.asked.watched
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
        """The devices that the models were trained on, and what each split is for."""
        records: dict[str, str] = {}
        for record in (record for variant in self.variants for record in variant.records):
            records.setdefault(self.numbers.value(record, "device"), record)
        names = [self.numbers.text(record, "device", form="text") for record in records.values()]
        variants = {variant.name: variant for variant in (self.reference, *self.variants)}
        files = {name: variant.metrics for name, variant in variants.items()}
        roles = split_roles(self.numbers, files, lambda name: variants[name].title(self.numbers))
        return wrapped(f"Cells read train / test / valid. Trained on: {', '.join(names)}. {roles}")
