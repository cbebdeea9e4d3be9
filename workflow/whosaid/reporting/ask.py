"""Asks the trained models of an experiment who says a line.

    python -m whosaid.reporting.ask --line "My name is Michael Scott." --variant basic_distilbert

It prints a table with a row for each variant and seed.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import whosaid.jobs.environment

# isort: split
from whosaid.config.model import Config
from whosaid.config.output_paths import model_folder, thresholds_of
from whosaid.config.parse import ConfigError, chosen_variants, read_config
from whosaid.errors import InputError
from whosaid.evaluation.threshold_files import read_temperatures, read_thresholds
from whosaid.reporting.answers import Model, answer_tables, left_out


def trained_models(config: Config, variant: str | None) -> list[Model]:
    """The models of the config, or of one variant of it, that were trained.

    Raises InputError if there is no such variant, or no model.
    """
    chosen = chosen_variants(config, variant)
    models = [
        Model(
            title=each.title or name,
            seed=seed,
            folder=Path(model_folder(config, name, seed)),
            **chosen_on_valid(config, name, seed),
            min_words=each.min_words,
            **each.reads,
        )
        for name, each in config.variants.items()
        if name in chosen
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


def chosen_on_valid(config: Config, variant: str, seed: int) -> dict[str, float | None]:
    """The threshold of a model, if it has one yet, and its temperature, 1 if it has none."""
    path = thresholds_of(config, config.experiment, variant).get("thresholds")
    if path is None or not Path(path).is_file():
        return {"threshold": None}
    threshold = read_thresholds(path).get(seed)
    return {"threshold": threshold, "temperature": read_temperatures(path).get(seed, 1.0)}


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
        config = read_config(given.configfile, Path())
        [table] = answer_tables(
            trained_models(config, given.variant or None),
            [given.line],
            dict(read_values(given.values)),
            config.corpus.question,
            config.corpus.target,
            config.corpus.word_tokenizer,
            "data/nltk_data",
        )
        print("\n\n".join([table, *([] if given.variant else left_out(config.ensemble_titles))]))
    except (InputError, ConfigError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
