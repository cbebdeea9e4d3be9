"""The files of an experiment, in config order, for the stages that read many of them.

Paths are literal; the rules declare the same ones with wildcards.
"""

from whosaid.config import Config
from whosaid.splits import SPLITS

FIGURES = (
    "forest",
    "precision_recall",
    "calibration",
    "training_curves",
    "confusion_by_speaker",
    "word_counts",
)
"""The pictures of an experiment, in the order in which they are shown."""


def predictions(config: Config, variant: str, split: str) -> list[str]:
    """The predictions of every seed of a variant on one split."""
    folder = f"results/{config.experiment}/predictions/{variant}"
    return [f"{folder}/seed_{seed}/{split}.parquet" for seed in config.variants[variant].seeds]


def test_predictions(config: Config) -> list[str]:
    """The predictions of every variant and seed on the test split."""
    return [path for name in config.variants for path in predictions(config, name, "test")]


def thresholds(config: Config) -> list[str]:
    """The decision thresholds of every variant."""
    return [f"data/{config.experiment}/models/{name}/thresholds.json" for name in config.variants]


def metrics(config: Config) -> list[str]:
    """The metric file of every variant and split."""
    names = [f"{variant}/{split}" for variant in config.variants for split in SPLITS]
    return [f"results/{config.experiment}/metrics/{name}.json" for name in names]


def training_records(config: Config) -> list[str]:
    """The training record of every variant and seed."""
    return [
        f"data/{config.experiment}/models/{name}/seed_{seed}/training.json"
        for name, variant in config.variants.items()
        for seed in variant.seeds
    ]


def split_audits(config: Config) -> list[str]:
    """The counts that `split_lines` left of every variant."""
    folder = f"data/{config.experiment}/splits"
    return [f"{folder}/{name}/split_audit.json" for name in config.variants]


def audits(config: Config) -> list[str]:
    """The audit of every variant's splits."""
    return [f"results/{config.experiment}/audit/{name}.json" for name in config.variants]


def figures(config: Config) -> dict[str, str]:
    """The pictures by name; word counts are known only where a variant counts words."""
    counts_words = any(variant.min_words for variant in config.variants.values())
    names = FIGURES if counts_words else FIGURES[:-1]
    return {name: f"results/{config.experiment}/figures/{name}.svg" for name in names}
