"""Asks the trained models of an experiment who says a line.

    python -m whosaid.reporting.ask --line "My name is Michael Scott." --variant basic_distilbert

It prints a table with a row for each variant and seed.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import whosaid.jobs.environment

# isort: split
import numpy as np
import pandas as pd

from whosaid.caching.json_files import read_json
from whosaid.config.model import Config
from whosaid.config.output_paths import model_folder, thresholds_of
from whosaid.config.parse import ConfigError, merge, parse_config, read_config_file
from whosaid.corpus.recipe import annotate_texts
from whosaid.errors import InputError
from whosaid.reporting.formats import METRIC, UNDEFINED
from whosaid.reporting.markdown import escaped, table
from whosaid.training.linear_model import column_of
from whosaid.training.new_lines import Answers, answer

BASE = "config/config.yaml"
MOST_NAMES = 3
"""So many speakers are named, the most probable first."""


class Model(NamedTuple):
    """A trained model: its variant, its seed and its folder."""

    variant: str
    seed: int
    folder: Path


def trained_models(config: Config, variant: str | None) -> list[Model]:
    """The models of the config, or of one variant of it, that were trained.

    Raises InputError if there is no such variant, or no model.
    """
    if variant is not None and variant not in config.variants:
        raise InputError(f"VARIANT={variant}: no variant; choose from {', '.join(config.variants)}")
    models = [
        Model(name, seed, Path(model_folder(config, name, seed)))
        for name, each in config.variants.items()
        if variant in (None, name)
        for seed in each.seeds
    ]
    found = [model for model in models if (model.folder / "manifest.json").is_file()]
    if not found:
        target = f"results/{config.experiment}/metrics/{variant}/test.json"
        raise InputError(
            f"data/{config.experiment}/models: no trained model; make the target "
            f"{target if variant else 'results/summary.md'} first"
        )
    return found


def lines_for(config: Config, variant: str, line: str, values: Mapping[str, str]) -> dict:
    """The columns that a variant's models read: the text with its annotation, and features."""
    recipe = config.variants[variant]
    frame = pd.DataFrame({"text": [line]} | {n: [values.get(n, "")] for n in recipe.annotate})
    texts, _ = annotate_texts(frame, recipe.annotate)
    features = recipe.linear.features if recipe.classifier == "linear" else ()
    others = {column_of(feature) for feature in features} - {"text"}
    return {"text": texts.tolist()} | {name: [values.get(name, "")] for name in others}


def is_too_short(config: Config, variant: str, line: str) -> bool:
    """Whether the line is shorter than all that the variant learns from."""
    least = config.variants[variant].min_words
    if least is None:
        return False
    from whosaid.corpus.count_words import count_words  # NLTK takes a second to import

    words = count_words(pd.Series([line]), config.corpus.word_tokenizer, "data/nltk_data")
    return bool(words.iloc[0] < least)


def answer_table(
    config: Config, models: Sequence[Model], line: str, values: Mapping[str, str]
) -> str:
    """The answers of the models, a row for each, as Markdown."""
    has_target = config.corpus.question == "target"
    headers = ["variant", "seed", "who"]
    headers += [f"probability of {config.corpus.target}"] if has_target else ["probability"]
    headers += ["logits", "at its threshold"] if has_target else ["then"]
    rows = []
    for model in models:
        recipe = config.variants[model.variant]
        found = answer(model.folder, lines_for(config, model.variant, line, values))
        cells = of_target(config, model, found) if has_target else of_speakers(found)
        if is_too_short(config, model.variant, line):
            cells[0] += f" (it knows no line of fewer than {recipe.min_words} words)"
        rows.append([escaped(recipe.title or model.variant), str(model.seed), *cells])
    return table(rows, [escaped(header) for header in headers])


def of_target(config: Config, model: Model, found: Answers) -> list[str]:
    """Who, the target's probability, the logits, and who at the stored threshold."""
    [probability], [logits] = found.probabilities[:, 1], found.logits
    path = thresholds_of(config, config.experiment, model.variant)["thresholds"]
    decided = UNDEFINED
    if Path(path).is_file():
        threshold = read_json(path)["seeds"][str(model.seed)]["threshold"]
        name = found.names[int(probability >= threshold)]
        decided = f"{escaped(name)} ({threshold:{METRIC}})"
    return [
        escaped(found.names[int(np.argmax(logits))]),
        format(probability, METRIC),
        ", ".join(format(logit, METRIC) for logit in logits),
        decided,
    ]


def of_speakers(found: Answers) -> list[str]:
    """Who, his probability, and the next ones with theirs."""
    [probabilities] = found.probabilities
    first, *others = np.argsort(-probabilities, kind="stable")[:MOST_NAMES]
    then = (f"{escaped(found.names[n])} {probabilities[n]:{METRIC}}" for n in others)
    return [escaped(found.names[first]), format(probabilities[first], METRIC), ", ".join(then)]


def read_values(given: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The columns and values of `name=value` texts. Raises InputError if one is of another form."""
    for each in given:
        name, sign, value = each.partition("=")
        if not sign or not name.strip():
            raise InputError(f"{each!r}: a column and its value, such as directed_by=Ken Kwapis")
        yield name.strip(), value.strip()


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--line", required=True, help="what is said")
    parser.add_argument("--variant", help="one variant; all if not given")
    parser.add_argument("--configfile", nargs="*", default=[], help="overlays, in order")
    parser.add_argument("--with", nargs="*", default=[], dest="values", metavar="COLUMN=VALUE")
    given = parser.parse_args()
    if not given.line.strip():
        sys.exit('no line; ask as LINE="..."')
    whosaid.jobs.environment.quiet_transformers()
    try:
        files = [BASE, *given.configfile]
        config = parse_config(reduce(merge, map(read_config_file, files)))
        models = trained_models(config, given.variant or None)
        print(answer_table(config, models, given.line, dict(read_values(given.values))))
    except (InputError, ConfigError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
