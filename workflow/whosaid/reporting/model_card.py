"""The model card of an exported model, from its facts alone."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from whosaid.config.warning_codes import code_of
from whosaid.corpus.label_names import OTHERS
from whosaid.evaluation.metric_entry import Metric
from whosaid.reported_split import REPORTED
from whosaid.reporting.addressed_numbers import AddressedNumbers
from whosaid.reporting.export_facts import NAME
from whosaid.reporting.formats import COUNT
from whosaid.reporting.markdown import escaped, table

TASK = "text-classification"
SOME_LINE = "Who said this?"

SHOWN = {
    "target": (
        *("average_precision", "accuracy", "f1", "precision", "recall"),
        *("f1_at_threshold", "precision_at_threshold", "recall_at_threshold"),
        "expected_calibration_error",
    ),
    "speakers": (
        *("macro_f1", "accuracy", "macro_precision", "macro_recall"),
        "expected_calibration_error",
    ),
}
"""The metrics in the card's table, the primary one first; `whosaid.json` has all."""

USE = {
    "safetensors": """\
from transformers import pipeline
classify = pipeline("text-classification", "path/to/this/folder", truncation=True)
print(classify(TEXT, top_k=None))""",
    "onnx": """\
from onnxruntime import InferenceSession
from transformers import AutoTokenizer
folder = "path/to/this/folder"
tokenizer = AutoTokenizer.from_pretrained(folder)
tokens = tokenizer([TEXT], truncation=True, return_token_type_ids=False, return_tensors="np")
print(InferenceSession(f"{folder}/model.onnx").run(["logits"], dict(tokens))[0])""",
}
"""How to ask the model, by the format of its weights; no other package is needed."""


def example_text(annotate: list[str]) -> str:
    """A text of the form that the model expects."""
    return " ".join([SOME_LINE, *(f"[value of {column}]" for column in annotate)])


def card_data(facts: Mapping[str, Any], entries: Mapping[str, Metric]) -> ModelCardData:
    """The header of the card, which hubs and tools read.

    `entries` describe the metrics by name. Metrics that are undefined are left out.
    """
    of_split = facts["metrics"][REPORTED]
    results = [
        EvalResult(
            task_type=TASK,
            dataset_type=facts["experiment"],
            dataset_name=facts["data"]["name"],
            dataset_split=REPORTED,
            metric_type=name,
            metric_name=entries[name].title,
            metric_value=value,
        )
        for name in shown(facts, entries)
        if (value := of_split["this_model"][name]) is not None
    ]
    return ModelCardData(
        base_model=facts["encoder"].get("hub", {}).get("name"),
        license=facts["encoder"]["license"],
        library_name={"safetensors": "transformers"}.get(facts["format"], facts["format"]),
        pipeline_tag=TASK,
        tags=["whosaid"],
        model_name=f"{facts['experiment']}_{facts['variant']}",
        eval_results=results or None,
    )


def shown(facts: Mapping[str, Any], entries: Mapping[str, Metric]) -> list[str]:
    """The names of the metrics in the table, with F1 of each speaker where speakers are asked."""
    names = list(SHOWN[facts["question"]])
    if facts["question"] == "speakers":
        names += [name for name in entries if name.startswith("f1_of_")]
    return names


def model_card(facts: Mapping[str, Any], entries: Mapping[str, Metric]) -> ModelCard:
    """The card; `entries` describe the metrics by name."""
    page = Page(facts, entries)
    code = USE[facts["format"]].replace("TEXT", json.dumps(page.example, ensure_ascii=False))
    parts = [
        page.introduction(),
        "## How to use it",
        f"```python\n{code}\n```",
        *page.expected_text(),
        page.answer(),
        f"## How good it is, on the {REPORTED} split",
        page.figures(),
        page.legend(),
        "## What it is for, and what not",
        page.limits(),
        "## Data and recipe",
        page.data(),
        page.recipe(),
    ]
    header = card_data(facts, entries).to_yaml()
    return ModelCard(f"---\n{header}\n---\n\n" + "\n\n".join(filter(None, parts)) + "\n")


class Page:
    """The parts of the card as Markdown. Each number in it is one of `whosaid.json`."""

    def __init__(self, facts: Mapping[str, Any], entries: Mapping[str, Metric]):
        """`facts` are those of `export_facts`; `entries` describe the metrics by name."""
        self.facts, self.entries = facts, entries
        self.numbers = AddressedNumbers({NAME: facts})
        self.text = partial(self.numbers.text, NAME)
        self.reported = partial(self.numbers.text, NAME, "metrics", REPORTED)
        self.has_target = facts["question"] == "target"
        self.example = example_text(facts["text"]["annotate"])

    def introduction(self) -> str:
        """What the model answers, and which one of the experiment's models it is."""
        title = self.text("title", form="text")
        if self.has_target:
            asked = f"whether a line of dialogue is {self.text('target_speaker', form='text')}'s"
        else:
            asked = (
                f"who says a line of dialogue, of {self.text('labels', form='length')} classes: "
                f"{', '.join(map(escaped, self.facts['labels']))}"
            )
        seeds = ", ".join(
            self.reported("seeds", place, form="d")
            for place in range(len(self.facts["metrics"][REPORTED]["seeds"]))
        )
        return (
            f"# {self.text('experiment', form='text')}: {title}\n\n"
            f"This model says {asked}. It was trained with seed {self.text('seed', form='d')} "
            f"(seeds of this recipe: {seeds}) by whosaid, a workflow that compares such "
            f"classifiers."
        )

    def expected_text(self) -> Iterator[str]:
        """What text the model expects."""
        yield (
            "The text is one line of dialogue as it stands in the script, without the name of the "
            f"speaker. The model reads {self.text('text', 'max_tokens', form='d')} tokens; "
            "`truncation=True` cuts the rest, as in training."
        )
        annotate = self.facts["text"]["annotate"]
        if annotate:
            columns = " and ".join(escaped(column) for column in annotate)
            yield (
                f"After the line stands the value of {columns}, each in brackets after a blank, as "
                "in the code above. An empty value is left out, brackets included. The model knows "
                f"{self.text('added_tokens', form='length')} such values, which `{NAME}` lists "
                "under `added_tokens`, written exactly so. Any other value says nothing to it."
            )
        if self.facts["text"]["min_words"] is not None:
            yield (
                f"It has learned from lines of at least {self.text('text', 'min_words', form='d')} "
                "words. Do not ask it about shorter ones."
            )

    def answer(self) -> str:
        """What the labels are, and when to believe which."""
        names = ", ".join(f"`{name}`" for name in self.facts["labels"])
        if self.facts["format"] == "onnx":
            told = f"The answer is a logit for each label: {names}. Softmax makes probabilities."
        else:
            told = f"The answer is a probability for each label: {names}."
        if not self.has_target:
            return told
        yes = f"`{self.facts['labels'][1]}`"
        if self.facts["threshold"] is None:
            return told
        goal = "F1"
        if self.facts["recipe"]["threshold_beta"] != 1:
            beta = self.text("recipe", "threshold_beta", form="g")
            goal = f"F-beta with beta {beta} (below 1 precision counts more, above 1 recall)"
        return (
            f"{told} If a decision is needed: {goal} on the validation split is best where a line "
            f"is taken for {yes} from the probability {self.text('threshold')} on. Below, *at "
            "threshold* means this one, and other figures decide at one half."
        )

    def figures(self) -> str:
        """A row for each metric: this model, and the mean over all seeds with its interval."""
        of_split = ("metrics", REPORTED)
        rows = [
            [
                escaped(self.entries[name].title),
                self.reported("this_model", name),
                self.numbers.estimate(
                    NAME, (*of_split, "mean_of_seeds", name), (*of_split, "intervals", name)
                ),
            ]
            for name in shown(self.facts, self.entries)
        ]
        return table(rows, ["metric", "this model", "mean of all seeds"])

    def legend(self) -> str:
        """The rows that the figures are about, and what a guess reaches."""
        rows = self.reported("rows", form=COUNT)
        confidence = self.text("confidence", form="percent")
        unit = self.reported("unit", form="text")
        share = self.reported("in_train", "share", form="percent")
        of_target = ""
        if self.has_target:
            of_target = f", {self.reported('positives', form=COUNT)} of them the target's"
            primary, guess = "average_precision", "always"
            said = "Any guess has average precision"
        else:
            primary, guess = "macro_f1", "prior_random"
            said = "A guess at random, as often as in train, has macro F1"
        trivial = self.reported("trivial", guess, primary)
        # How many rows stand in train is said below, and codes are for whoever has the config.
        notes = [
            self.reported("notes", place, form="text").partition(": ")[2]
            for place, note in enumerate(self.facts["metrics"][REPORTED]["notes"])
            if code_of(note) != "W104"
        ]
        too_short = ""
        if self.facts["metrics"][REPORTED]["abstained"]["rows"]:
            count = self.reported("abstained", "rows", form=COUNT)
            too_short = (
                f" On {count} of them, which are too short for the model, the figures count a "
                "fixed answer and not the model's."
            )
        return (
            f"{rows} held-out lines{of_target}.{too_short} Brackets are {confidence} intervals, "
            f"which cover the choice of the lines (each {unit} as a whole) and the spread over the "
            f"seeds. {said} {trivial}. Of these lines {share} also stand in train, word for word. "
            f"{' '.join(notes)}".rstrip()
        )

    def limits(self) -> str:
        """What the model may be used for, and what it cannot do."""
        script = (
            f"one script, which has {self.text('data', 'rows', form=COUNT)} lines of "
            f"{self.text('data', 'speakers', form=COUNT)} speakers"
        )
        seen = f"the most frequent speakers of {script}"
        if OTHERS in self.facts["labels"]:
            seen = f"{script}; all but the most frequent ones are one class"
        return "\n".join(
            [
                "- It is for questions about this script and for comparing classifiers. It is not "
                "for finding out who a person is.",
                f"- It has seen only lines of {seen}. It gives one of its labels to any other "
                "text, too.",
                "- The figures above hold for lines drawn as the test split was. Nothing else was "
                "measured.",
                self._calibration(),
                f"- Licence of the encoder: {self._license()}. The rights in the lines of the "
                "script are not whosaid's to give.",
            ]
        )

    def _calibration(self) -> str:
        error = (
            "The calibration error says how far probabilities are, on average, from the share of "
            "lines for which they come true"
        )
        if self.facts["temperature"] is None:
            return f"- Its probabilities were not calibrated. {error}."
        logits = "" if self.facts["format"] == "onnx" else ' (`function_to_apply="none"`)'
        return (
            f"- The weights are as trained, and their probabilities are not calibrated. To "
            f"calibrate them, divide the logits{logits} by {self.text('temperature')}, the "
            "temperature that fits the validation split best, before the softmax. This changes no "
            f"decision. {error}; above, it is that of calibrated probabilities."
        )

    def _license(self) -> str:
        encoder = self.facts["encoder"]
        if "scratch" in encoder:
            return "none, since it was built from scratch"
        return "not known" if encoder["license"] is None else escaped(encoder["license"])

    def data(self) -> str:
        """The corpus, its digest, and how its lines were divided."""
        splits = ", ".join(
            f"{name} {self.text('data', 'splits', name, 'rows', form=COUNT)}"
            for name in self.facts["data"]["splits"]
        )
        return (
            f"The corpus is {self.text('data', 'name', form='text')} (SHA-256 "
            f"`{self.text('data', 'sha256', form='text')}`). Rows of the splits: {splits}. "
            f"Trained on {self.text('training', 'device', form='text')} in "
            f"{self.text('training', 'precision', form='text')}; the weights are float32. All that "
            f"is known of the model stands in `{NAME}`: every metric of every split, the recipe, "
            "digests, versions."
        )

    def recipe(self) -> str:
        """The recipe as a block of YAML, under the keys of whosaid's config."""
        kept = {key: self.facts[key] for key in ("encoder", "recipe")}
        text = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True)
        return f"```yaml\n{text}```"
