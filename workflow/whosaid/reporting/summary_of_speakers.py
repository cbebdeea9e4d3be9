"""The parts of the summary page that differ where the question is: which speaker says a line."""

from functools import partial

from whosaid.evaluation.class_metrics import CLASS_METRICS
from whosaid.evaluation.questions import SPEAKERS
from whosaid.reported_split import REPORTED
from whosaid.reporting.formats import COUNT
from whosaid.reporting.markdown import escaped, table
from whosaid.reporting.paragraphs import wrapped
from whosaid.reporting.summary import Summary
from whosaid.reporting.summary_variant import Variant


class SummaryOfSpeakers(Summary):
    """The parts of the page as Markdown; call them in the order of the page."""

    asked = SPEAKERS
    entries = CLASS_METRICS
    abstained_class = "of the class with most such lines in train"

    def question(self, settings: str) -> str:
        """What the models are asked."""
        count = self.numbers.text(self.reference.metrics[REPORTED], "labels", form="length")
        return f"who said it, of {count} classes?"

    def _guess(self, reference: Variant) -> str:
        path = reference.metrics[REPORTED]
        at_random = self.numbers.text(path, "trivial", "prior_random", "macro_f1")
        return f"at random, as often as in train, {at_random}"

    def _trivial(self, reference: Variant) -> str:
        trivial = partial(self.numbers.text, reference.metrics[REPORTED], "trivial")
        at_random = trivial("prior_random", "accuracy")
        macro_f1, accuracy = (
            trivial("most_frequent", "macro_f1"),
            trivial("most_frequent", "accuracy"),
        )
        return (
            f"On the reference's rows the guess at random has accuracy {at_random}, *always the "
            f"most frequent class* macro F1 {macro_f1} and accuracy {accuracy}."
        )

    def decisions(self) -> str:
        """The other metrics on the test split, what a comparison could find, F1 of each speaker."""
        path = self.reference.metrics[REPORTED]
        names = ["macro_precision", "macro_recall", "top_3_accuracy", "mcc", "loss"]
        names = [name for name in names if name in self.numbers.value(path, "metrics")]
        headers = ["variant", *(self.entries[name].title for name in names), "detectable"]
        rows = [
            [
                self.title(variant),
                *(self._estimate(variant, name) for name in names),
                self._detectable(variant),
            ]
            for variant in self.variants
        ]
        note = wrapped(
            "The predicted class is the most probable one. Macro figures are means over the "
            f"speakers, each counted alike. {self._detectable_note()}"
        )
        return f"{table(rows, headers)}\n\n{note}\n\n{self._of_speakers()}"

    def _of_speakers(self) -> str:
        """F1 of each speaker, a column per variant."""
        path = self.reference.metrics[REPORTED]
        titles = [self.title(variant) for variant in self.variants]
        rows = [
            [
                escaped(name),
                self.numbers.text(path, "of_labels", name, form=COUNT),
                *(self._estimate(variant, f"f1_of_{name}") for variant in self.variants),
            ]
            for name in self.numbers.value(path, "labels")
        ]
        heading = f"F1 of each speaker on the {REPORTED} split; rows are those of the reference."
        return f"{heading}\n\n{table(rows, ['speaker', 'rows', *titles])}"
