"""The tables and paragraphs of the summary page."""

from collections.abc import Collection, Mapping
from functools import partial

from whosaid.config.tracks import TRACKS, Track
from whosaid.config.warning_codes import code_of
from whosaid.evaluation.metric_entry import Metric
from whosaid.evaluation.metrics import METRICS, PRIMARY
from whosaid.evaluation.questions import TARGET, Question
from whosaid.reported_split import REPORTED
from whosaid.reporting.addressed_numbers import AddressedNumbers
from whosaid.reporting.formats import COUNT, DIFFERENCE
from whosaid.reporting.markdown import table
from whosaid.reporting.paragraphs import wrapped
from whosaid.reporting.summary_variant import Variant


class Summary:
    """The parts of the page as Markdown; call them in the order of the page."""

    asked: Question = TARGET
    entries: Mapping[str, Metric] = METRICS
    abstained_class = "not the target's"

    def __init__(
        self, numbers: AddressedNumbers, variants: list[Variant], comparison: str, reference: str
    ):
        """`comparison` is the path of a JSON file, `reference` the name of a variant.

        The variants of another track than the reference's are compared with one of their own.
        """
        self.numbers, self.variants, self.comparison = numbers, variants, comparison
        self.reference = next(variant for variant in variants if variant.name == reference)
        compared = self.numbers.value(comparison, "variants")
        self.of_tracks = {
            variant.track: variant for variant in variants if variant.name not in compared
        }

    def title(self, variant: Variant) -> str:
        """The title of a variant."""
        return variant.title(self.numbers)

    def titles(self, variants: list[Variant]) -> str:
        """The titles of several variants."""
        if variants == self.variants:
            return "All variants"
        return ", ".join(map(self.title, variants))

    def introduction(self, settings: str, corpus: str) -> str:
        """The question, the verdict in a sentence, and what all of it is conditional on."""
        text = self.numbers.text
        experiment = text(settings, "settings", "experiment", form="text")
        question = self.question(settings)
        verdict = self._verdict_sentence()
        confidence = text(self.comparison, "confidence", form="percent")
        csv = text(corpus, "csv", form="text")
        rows = text(corpus, "rows", form=COUNT)
        parts = text(settings, "settings", "division", form="text")
        seed = text(settings, "settings", "split_seed", form="d")
        primary = self.entries[self.asked.primary].title
        return f"# {experiment}: {question}\n\n" + wrapped(
            f"**{verdict}** ({primary} on the {REPORTED} split, at {confidence}.) "
            f"The corpus is {csv}, {rows} rows. All figures are from one division into {parts} "
            f"(seed {seed} for {self.title(self.reference)})."
        )

    def question(self, settings: str) -> str:
        """What the models are asked."""
        target = self.numbers.text(settings, "settings", "target_speaker", form="text")
        return f"which lines are {target}'s?"

    def is_reference(self, variant: Variant) -> bool:
        """Whether the other variants of its track are compared with this one."""
        return variant is self.of_tracks[variant.track]

    def _verdict_sentence(self) -> str:
        if len(self.of_tracks) == 1:
            return self._verdict_of_track(self.variants)
        return " ".join(
            f"Track {track}: {self._verdict_of_track(self._of_track(track))}"
            for track in sorted(self.of_tracks)
        )

    def _of_track(self, track: Track) -> list[Variant]:
        return [variant for variant in self.variants if variant.track == track]

    def _verdict_of_track(self, variants: list[Variant]) -> str:
        reference = self.of_tracks[variants[0].track]
        told: dict[str, list[Variant]] = {}
        for variant in variants:
            if not self.is_reference(variant) and not variant.is_baseline:
                keys = ("variants", variant.name, "metrics", self.asked.primary)
                address = (self.comparison, *keys)
                told.setdefault(self.numbers.value(*address, "verdict"), []).append(variant)
        parts = [
            f"{' and '.join(map(self.title, told[verdict]))} "
            f"{'is' if len(told[verdict]) == 1 else 'are'} {verdict} than {self.title(reference)}"
            for verdict in ("better", "worse")
            if verdict in told
        ]
        if not told and len(self.of_tracks) > 1:
            return self._verdicts_on_baselines(variants)
        if not parts:
            return f"No variant is shown to be better or worse than {self.title(reference)}."
        rest = "; of the others nothing can be told" * (len(told) > len(parts))
        return f"{'; '.join(parts)}{rest}."

    def _verdicts_on_baselines(self, variants: list[Variant]) -> str:
        """How the one variant of a track that is no baseline stands to the baselines."""
        reference, *baselines = sorted(variants, key=self.is_reference, reverse=True)
        told: dict[str, list[Variant]] = {"better than": [], "worse than": [], "not told from": []}
        turned = {"worse": "better than", "better": "worse than"}
        for variant in baselines:
            keys = ("variants", variant.name, "metrics", self.asked.primary, "verdict")
            verdict = self.numbers.value(self.comparison, *keys)
            told[turned.get(verdict, "not told from")].append(variant)
        title = self.title(reference)
        parts = [f"{word} {' and '.join(map(self.title, of))}" for word, of in told.items() if of]
        return f"{title} is {', '.join(parts) or 'alone'}."

    def test_split(self) -> str:
        """The test split by track: a row per variant that is no baseline, and the baselines."""
        if len(self.of_tracks) == 1:
            return self._track(self.variants)
        parts = [
            wrapped(
                "A track is what a model may know of who says a line. Variants are compared within "
                "their track: to know more is not to be the better recipe. *Without any text* is "
                "what names alone reach, so what turn-taking tells; with the context *of another "
                "row* whatever context gives must vanish."
            )
        ]
        for track in sorted(self.of_tracks):
            heading = f"### Track {track}: {TRACKS[track]}"
            parts.append(f"{heading}\n\n{self._track(self._of_track(track))}")
        return "\n\n".join(parts)

    def _track(self, variants: list[Variant]) -> str:
        headers = ["variant", "rows"]
        for name in self.asked.tested:
            headers += [self.entries[name].title, "difference on the same rows", "verdict"]
        headers += ["seeds", "also in train"]
        rows = [self._test_row(each) for each in variants if not each.is_baseline]
        parts = [table(rows, headers)] * bool(rows)
        return "\n\n".join([*parts, self._baselines_of_track(variants)])

    def _test_row(self, variant: Variant) -> list[str]:
        number = partial(self.numbers.text, variant.metrics[REPORTED])
        row = [self.title(variant), number("rows", form=COUNT)]
        for name in self.asked.tested:
            row += [self._estimate(variant, name), self._difference(variant, name)]
            row.append(self._verdict(variant, name))
        return [*row, self._seeds(variant), number("in_train", "share", form="percent")]

    def _estimate(self, variant: Variant, metric: str) -> str:
        path = variant.metrics[REPORTED]
        return self.numbers.estimate(path, ("metrics", metric), ("intervals", metric))

    def _difference(self, variant: Variant, metric: str) -> str:
        if self.is_reference(variant):
            return ""
        of_variant = ("variants", variant.name)
        keys = (*of_variant, "metrics", metric)
        rows = self.numbers.value(self.comparison, *of_variant, "rows")
        if not rows:
            return "no row is held out by both"
        cell = self.numbers.estimate(
            self.comparison, (*keys, "difference"), (*keys, "interval"), form=DIFFERENCE
        )
        if rows == self.numbers.value(variant.metrics[REPORTED], "rows"):
            return cell
        text = partial(self.numbers.text, self.comparison)
        values = f"{text(*keys, 'variant')} against {text(*keys, 'reference')}"
        return f"{cell}: {values} on {text(*of_variant, 'rows', form=COUNT)} rows"

    def _verdict(self, variant: Variant, metric: str) -> str:
        if self.is_reference(variant):
            return "reference"
        keys = ("variants", variant.name)
        verdict = self.numbers.text(
            self.comparison, *keys, "metrics", metric, "verdict", form="text"
        )
        return f"{verdict}, one model" if self._is_one_model(variant) else verdict

    def _is_one_model(self, variant: Variant) -> bool:
        if self.is_reference(variant):
            return False
        address = (self.comparison, "variants", variant.name, "about")
        return self.numbers.value(*address) == "one model"

    def _seeds(self, variant: Variant) -> str:
        path = variant.metrics[REPORTED]
        count = self.numbers.text(path, "seeds", form="length")
        if self.numbers.value(path, "spread", self.asked.primary) is None:
            return count
        return f"{count} (sd {self.numbers.text(path, 'spread', self.asked.primary)})"

    def _baselines_of_track(self, variants: list[Variant]) -> str:
        """What is reached without an encoder, and without the text, in one paragraph."""
        reference = self.of_tracks[variants[0].track]
        baselines = [self._baseline(variant) for variant in variants if variant.is_baseline]
        parts = [*baselines, self._guess(reference)]
        return wrapped(f"Baselines: {'; '.join(parts)}. {self._trivial(reference)}")

    def _baseline(self, variant: Variant) -> str:
        primary = self.asked.primary
        title, value = self.title(variant), self._estimate(variant, primary)
        if self.is_reference(variant):
            return f"{title} {value}"
        difference = self._difference(variant, primary)
        return f"{title} {value} ({difference}, {self._verdict(variant, primary)})"

    def _guess(self, reference: Variant) -> str:
        path = reference.metrics[REPORTED]
        return f"guessing {self.numbers.text(path, 'trivial', 'always', PRIMARY)}"

    def _trivial(self, reference: Variant) -> str:
        trivial = partial(self.numbers.text, reference.metrics[REPORTED], "trivial")
        always = trivial("always", "f1")
        at_random, never = trivial("prior_random", "f1"), trivial("never", "accuracy")
        return (
            f"On the reference's rows *always* the target has F1 {always}, *random*, as often as "
            f"in train, {at_random}; *never* has accuracy {never}."
        )

    def legend(self) -> str:
        """How to read the table of the test split."""
        text = partial(self.numbers.text, self.comparison)
        path = self.reference.metrics[REPORTED]
        confidence = text("confidence", form="percent")
        resamples = text("resamples", form=COUNT)
        unit = self.numbers.text(path, "unit", form="text")
        errors = (
            f"{by}s {self.numbers.text(path, 'standard_error_by_unit', by)}"
            for by in self.numbers.value(path, "standard_error_by_unit")
        )
        sizes = f"The standard error of {self.title(self.reference)} by {', by '.join(errors)}. "
        correction = text("correction", form="text")
        one_model = (
            "*one model*: with one seed a verdict is about this model, not about the recipe. "
        )
        is_told = any(self._is_one_model(variant) for variant in self.variants)
        return wrapped(
            f"Brackets are {confidence} intervals from {resamples} resamples and the spread over "
            f"the seeds. A resample draws each {unit} of the reference's split as a whole. {sizes}"
            "*difference on the same rows*: on the test rows that the variant and the reference "
            f"both hold out. These intervals are widened so that all hold together ({correction}). "
            "A verdict is better or worse exactly where the interval excludes zero. *cannot tell* "
            f"does not mean equal: see *detectable* below. {one_model * is_told}*seeds* is their "
            f"number, with the standard deviation of the {self.entries[self.asked.primary].title}. "
            "*also in train*: test rows whose line stands in train word for word."
        )

    def decisions(self) -> str:
        """The metrics of decisions on the test split, and what the comparison could have found."""
        names = ("accuracy", "f1", "f1_at_threshold")
        headers = ["variant", *(METRICS[name].title for name in names)]
        headers += ["difference in F1 at threshold", "detectable"]
        rows = []
        for variant in self.variants:
            row = [self.title(variant), *(self._estimate(variant, name) for name in names)]
            row[-1] += self._goal(variant)
            difference = self._difference(variant, "f1_at_threshold")
            if difference and self._beta(variant) != self._beta(self.reference):
                difference += ", thresholds for different goals"
            rows.append([*row, difference, self._detectable(variant)])
        beside = (
            "*by F-beta*: the threshold has the best F-beta on *valid* instead, which counts "
            "precision more with a beta below one, and recall above. Such an F1 is not to be "
            "compared with that of a threshold for another goal. "
        )
        has_other_goal = any(self._beta(variant) != 1 for variant in self.variants)
        note = wrapped(
            "*F1* uses a threshold of one half, *F1 at threshold* the threshold with the best F1 "
            f"on *valid*, which is chosen anew in every resample. {beside * has_other_goal}No "
            "verdict is given on these differences. "
            f"{self._detectable_note()}"
        )
        return f"{table(rows, headers)}\n\n{note}"

    def _beta(self, variant: Variant) -> float:
        return self.numbers.value(variant.metrics[REPORTED], "threshold_beta")

    def _goal(self, variant: Variant) -> str:
        """What the threshold was chosen for, unless it was F1."""
        if self._beta(variant) == 1:
            return ""
        beta = self.numbers.text(variant.metrics[REPORTED], "threshold_beta", form="g")
        return f" by F-beta, beta {beta}"

    def _detectable_note(self) -> str:
        return (
            f"*detectable* is the smallest difference in {self.entries[self.asked.primary].title} "
            "that these rows and seeds would show in four of five cases."
        )

    def _detectable(self, variant: Variant) -> str:
        if self.is_reference(variant):
            return ""
        address = (self.comparison, "variants", variant.name, "metrics", self.asked.primary)
        return self.numbers.text(*address, "smallest_detectable_difference")

    def notes(self, ignored: Collection[str] = ()) -> str:
        """Abstentions, and the warnings of the JSON files, each once, but for `ignored` codes."""
        notes = [self._abstentions(variant) for variant in self.variants]
        notes += [self._calibration(variant) for variant in self.variants]
        found: dict[str, tuple[tuple, list[Variant]]] = {}
        for variant in self.variants:
            for address in self._remarks(variant):
                text = self.numbers.value(*address)
                if code_of(text) in ignored:
                    continue
                _, of = found.setdefault(text, (address, []))
                if variant not in of:
                    of.append(variant)
        for address, variants in found.values():
            notes.append(f"{self.titles(variants)}: {self.numbers.text(*address, form='text')}")
        return "\n".join(wrapped(f"- {note}", indent="  ") for note in notes if note)

    def _abstentions(self, variant: Variant) -> str:
        path = variant.metrics[REPORTED]
        if not self.numbers.value(path, "abstained", "rows"):
            return ""
        title = self.title(variant)
        rows = self.numbers.text(path, "abstained", "rows", form=COUNT)
        metric = self.asked.watched[1]
        return (
            f"{title} abstains on {rows} test lines that are too short for it, which "
            f"counts as predicting that they are {self.abstained_class}. {metric.title} on the "
            f"others: {self.numbers.text(path, 'answered', metric.name)}."
        )

    def _calibration(self, variant: Variant) -> str:
        path = variant.metrics[REPORTED]
        if "temperature" not in self.numbers.value(path):
            return ""
        number, name = partial(self.numbers.text, path), "expected_calibration_error"
        return (
            f"{self.title(variant)} is calibrated: its logits are divided by a temperature, which "
            f"has the smallest log loss on *valid* ({number('temperature')}, as a mean over the "
            f"seeds). Calibration error {number('metrics', name)}, "
            f"{number('uncalibrated', name)} before; loss {number('metrics', 'loss')}, "
            f"{number('uncalibrated', 'loss')} before."
        )

    def _remarks(self, variant: Variant) -> list[tuple]:
        """The addresses of the notes on a variant."""
        lists = [(path, "notes") for path in variant.metrics.values()]
        if not self.is_reference(variant):
            lists.append((self.comparison, "variants", variant.name, "notes"))
        return [(*each, place) for each in lists for place in range(len(self.numbers.value(*each)))]
