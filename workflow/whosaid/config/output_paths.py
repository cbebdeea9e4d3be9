"""The output paths of an experiment, in config order, for the stages that read many of them.

The paths are complete. The rules declare the same paths with wildcards.
"""

from collections.abc import Iterable

from whosaid.config.column_names import TEXT_FEATURES
from whosaid.config.model import Config
from whosaid.reported_split import REPORTED
from whosaid.split_names import SPLITS

MODEL_STORE = "data/model_store"
"""The store of trained models, which all experiments share."""

FIGURES = {
    "target": (
        "forest",
        "precision_recall",
        "calibration",
        "training_curves",
        "confusion_by_speaker",
        "word_counts",
    ),
    "speakers": (
        "macro_scores",
        "confusion_matrix",
        "confidence",
        "training_curves",
        "word_counts",
    ),
}
"""The figures of an experiment for each question, in the order in which they are shown."""


def predictions(config: Config, variant: str, split: str) -> list[str]:
    """The predictions of every seed of a variant on one split."""
    folder = f"results/{config.experiment}/predictions/{variant}"
    return [f"{folder}/seed_{seed}/{split}.parquet" for seed in config.variants[variant].seeds]


def reported_predictions(config: Config) -> list[str]:
    """The predictions of every shown variant and seed on the reported split."""
    return all_predictions(config, REPORTED)


def all_predictions(config: Config, split: str) -> list[str]:
    """The predictions of every shown variant and seed on one split."""
    return [path for name in config.shown for path in predictions(config, name, split)]


def scores(config: Config, variant: str) -> list[str]:
    """The published metrics of every seed of a variant on all splits."""
    folder = f"results/{config.experiment}/predictions/{variant}"
    return [f"{folder}/seed_{seed}/scores.json" for seed in config.variants[variant].seeds]


def thresholds_of(config: Config, experiment: str, variant: str) -> dict[str, str]:
    """The file of a variant's thresholds and temperatures, by name.

    Only the question `target` has thresholds. Without it there is a file only if some variant is
    calibrated.
    """
    is_calibrated = any(each.calibration for each in config.variants.values())
    if config.corpus.question != "target" and not is_calibrated:
        return {}
    return {"thresholds": f"data/{experiment}/models/{variant}/thresholds.json"}


def thresholds(config: Config, names: Iterable[str] | None = None) -> list[str]:
    """The decision thresholds of the variants with these `names`, or of every shown one."""
    names = config.shown if names is None else names
    found = (thresholds_of(config, config.experiment, name) for name in names)
    return [path for of_variant in found for path in of_variant.values()]


def metrics(config: Config, names: Iterable[str] | None = None) -> list[str]:
    """The metric file of every split of the variants with these `names`, or of every shown one."""
    folder = f"results/{config.experiment}/metrics"
    names = config.shown if names is None else names
    return [f"{folder}/{variant}/{split}.json" for variant in names for split in SPLITS]


def model_folder(config: Config, variant: str, seed: int) -> str:
    """The folder of a trained model."""
    return f"data/{config.experiment}/models/{variant}/seed_{seed}"


EXPORTS = {"": "export", "onnx": "export_onnx"}
"""The folders of exported models, by format; the one without a name is that of Transformers."""


def export_folder(config: Config, variant: str, seed: int, format: str = "") -> str:
    """The folder of an exported model."""
    return f"results/{config.experiment}/{EXPORTS[format]}/{variant}/seed_{seed}"


def exports(config: Config) -> list[str]:
    """What describes each of the exported models, in its folder."""
    return [
        f"{export_folder(config, name, seed, format)}/whosaid.json"
        for format in EXPORTS
        for name, variant in config.variants.items()
        if variant.classifier == "encoder" and variant.context is None
        for seed in variant.seeds
    ]


def with_models(config: Config) -> list[str]:
    """The variants with models of their own: all but ensembles."""
    return [name for name, each in config.variants.items() if each.classifier != "ensemble"]


def asked(config: Config) -> list[str]:
    """The variants whose models the informal test asks: all but trials and folds."""
    shown = config.shown
    return [name for name in with_models(config) if name in shown]


def model_folders(config: Config, names: Iterable[str] | None = None) -> list[str]:
    """The folder of every model of the variants with these `names`, or of all variants."""
    return [
        model_folder(config, name, seed)
        for name in (with_models(config) if names is None else names)
        for seed in config.variants[name].seeds
    ]


def model_manifests(config: Config, names: Iterable[str] | None = None) -> list[str]:
    """The manifest of every such model, which changes with the content of its folder."""
    return [f"{folder}/manifest.json" for folder in model_folders(config, names)]


def training_records(config: Config) -> list[str]:
    """The training record of every shown variant and seed; of an ensemble, that of its making."""
    return [
        f"{model_folder(config, name, seed)}/training.json"
        for name in config.shown
        for seed in config.variants[name].seeds
    ]


def runtimes(config: Config) -> list[str]:
    """How long every shown variant and seed took to predict the splits."""
    paths = (path for name in config.shown for path in scores(config, name))
    return [path.replace("scores.json", "runtime.json") for path in paths]


def split_counts(config: Config, names: Iterable[str] | None = None) -> list[str]:
    """The split counts of the variants with these `names`, or of every shown one."""
    folder = f"data/{config.experiment}/splits"
    names = config.shown if names is None else names
    return [f"{folder}/{name}/split_counts.json" for name in names]


def leak_audits(config: Config, names: Iterable[str] | None = None) -> list[str]:
    """The leak audits of the splits of the variants with these `names`, or of every shown one."""
    names = config.shown if names is None else names
    return [f"results/{config.experiment}/audit/{name}.json" for name in names]


def token_files(config: Config, kind: str) -> list[str]:
    """A file about the tokens of every shown variant with an encoder: the page, `md`, or `json`."""
    folder = f"results/{config.experiment}/tokens"
    shown = config.shown
    return [f"{folder}/{name}.{kind}" for name in fine_tuned(config) if name in shown]


def weighed(config: Config) -> list[str]:
    """The shown variants whose models read words; linear ones of columns and counts do not."""
    words = {*TEXT_FEATURES} - {"word_count"}
    reads_words = {
        name: each.classifier == "encoder" or bool(words & {*each.linear.features})
        for name, each in config.variants.items()
    }
    return [name for name in asked(config) if reads_words[name]]


def word_weights(config: Config) -> list[str]:
    """The weights of words of every variant whose models read words."""
    return [f"results/{config.experiment}/words/{name}.json" for name in weighed(config)]


def informal_pages(config: Config) -> list[str]:
    """The page of the informal test, if the config has lines for it and somebody to ask."""
    is_asked = bool(config.informal_test and asked(config))
    return [f"results/{config.experiment}/informal_test.md"] * is_asked


def fine_tuned(config: Config) -> list[str]:
    """The variants with an encoder."""
    return [name for name, each in config.variants.items() if each.classifier == "encoder"]


def of_single_lines(config: Config) -> list[str]:
    """The variants whose models read a line alone, so that they can predict a file of lines."""
    return [name for name in with_models(config) if config.variants[name].context is None]


def encoders_in_use(config: Config) -> list[str]:
    """The names of the encoders that a variant uses."""
    return [*dict.fromkeys(config.variants[name].encoder for name in fine_tuned(config))]


def encoder_manifests(config: Config) -> list[str]:
    """The manifest of every such encoder."""
    names = encoders_in_use(config)
    return [f"data/{config.experiment}/encoders/{name}/manifest.json" for name in names]


def figures(config: Config) -> dict[str, str]:
    """The figures by name; `word_counts` is one of them only if a variant counts words."""
    counts_words = any(config.variants[name].min_words for name in config.shown)
    names = FIGURES[config.corpus.question]
    names = [name for name in names if counts_words or name != "word_counts"]
    return {name: f"results/{config.experiment}/figures/{name}.svg" for name in names}


def recorded(config: Config) -> list[str]:
    """One output of every job of the experiment, for `verify`; for a folder, its manifest."""
    data, results = f"data/{config.experiment}", f"results/{config.experiment}"
    # Trials that no table shows have splits and audits, too; folds also have metrics.
    shown = config.shown
    scored = [name for name, each in config.variants.items() if name in shown or each.split.folds]
    return [
        f"{data}/lines.parquet",
        *split_counts(config, config.variants),
        *encoder_manifests(config),
        *(f"{data}/tokenized/{name}/manifest.json" for name in fine_tuned(config)),
        *model_manifests(config),
        *(path for name in config.variants for path in scores(config, name)),
        *(path for path in metrics(config, scored) if path.endswith(f"/{REPORTED}.json")),
        *(f"{results}/{name}.json" for name in ("comparison", "slices")),
        f"{results}/corpus.md",
        *informal_pages(config),
        *token_files(config, "md"),
        *word_weights(config),
        f"{results}/errors.html",
        *exports(config),
        *(
            f"{results}/new/{name}/{variant}.parquet"
            for name in config.new_lines
            for variant in of_single_lines(config)
        ),
        *figures(config).values(),
        *leak_audits(config, config.variants),
        f"{results}/summary.md",
        *("results/summary.md", "results/summary.json", "results/report.html", "results/audit.md"),
    ]
