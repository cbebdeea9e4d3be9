"""The pipeline's own train stage against training as published, and against the floor.

    python tests/benchmarks/training.py [--csv CSV --encoder FOLDER] [--variants NAME ...]
        [--rows N] [--batches 40]

Same encoder, same rows, same run. The reference is timed over some batches and its epoch (train
split, then evaluation on the test split) worked out from the two rates. The stage trains for one
epoch in a process of its own; `process ratio` counts imports, loading and saving too, the other
ratios what the stage itself records as its seconds. Its rate in training alone comes from a second
run whose test split is two rows.
"""

import json
import shutil
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from measure import GIB, Finished, call, parse, parser, publish
from project import Tree, make_tree

from whosaid.config import stage_settings


def cut_rows(source: str, target: str, rows: dict[str, int], seed: int = 0) -> None:
    """A tokenized folder with that many random rows of the splits named, in their order."""
    import numpy as np
    from datasets import DatasetDict, load_from_disk

    from whosaid.caching.manifest import write_manifest

    rng = np.random.default_rng(seed)
    cut = {
        name: split.select(np.sort(rng.permutation(len(split))[: rows.get(name)]))
        for name, split in load_from_disk(source).items()
    }
    DatasetDict(cut).save_to_disk(target)
    shutil.copytree(Path(source) / "tokenizer", Path(target) / "tokenizer")
    write_manifest(Path(target))


def cut_and_count(source: str, encoder: str, rows: int | None) -> dict[str, Any]:
    """Cut the token ids to `rows` training rows and a like share of test rows, and count.

    `{source}_cut` gets these, `{source}_alone` the same training rows and two test rows. Returns
    what `floor.arithmetic` says of the first.
    """
    from datasets import load_from_disk
    from floor import arithmetic

    counts = {name: len(split) for name, split in load_from_disk(source).items()}
    train = min(rows or counts["train"], counts["train"])
    test = max(2, counts["test"] * train // counts["train"])
    for name, kept in (("cut", test), ("alone", 2)):
        cut_rows(source, f"{source}_{name}", {"train": train, "test": kept})
    return arithmetic(f"{source}_cut", encoder)


def prepare(tree: Tree, variants: list[str]) -> None:
    """Make the token ids and encoders of the variants."""
    tree.snakemake(*(f"{tree.tokenized(name)}/manifest.json" for name in variants), "--quiet")


def trainer_settings(tree: Tree, variant: str, **changes: Any) -> dict[str, Any]:
    """The arguments that the workflow gives to the train stage, with changes in `training`."""
    chosen = stage_settings.train_model(tree.config, variant=variant, seed="42")
    return {**chosen, "training": chosen["training"] | changes}


def train_one_epoch(tree: Tree, variant: str, tokenized: str) -> tuple[Finished, dict[str, Any]]:
    """Run the stage in a process of its own; what that took, and the stage's own record."""
    folder = Path(f"{tokenized}_model")
    finished = call(
        "train_model:main",
        tokenized=tokenized,
        encoder=str(tree.root / tree.encoder(variant)),
        model=str(folder / "model"),
        store=str(folder / "store"),
        code="benchmark",
        **trainer_settings(tree, variant, num_train_epochs=1),
    )
    record = json.loads((folder / "model" / "training.json").read_text(encoding="utf-8"))
    shutil.rmtree(folder)
    return finished, record


def measure_stage(tree: Tree, variant: str, rows: int | None) -> dict[str, Any]:
    """The arithmetic and the seconds of one epoch of the stage, on at most that many rows.

    Seconds are those of the whole process, those that the stage records for training and
    evaluation, and those of training alone.
    """
    source, encoder = (
        str(tree.root / tree.tokenized(variant)),
        str(tree.root / tree.encoder(variant)),
    )
    work = call("training:cut_and_count", source=source, encoder=encoder, rows=rows).result
    process, record = train_one_epoch(tree, variant, f"{source}_cut")
    _, alone = train_one_epoch(tree, variant, f"{source}_alone")
    return {
        **work,
        "process_seconds": process.seconds,
        "peak_bytes": process.peak_bytes,
        "stage_seconds": record["seconds"],
        "training_seconds": alone["seconds"],
        "precision": record["precision"],
    }


def ratios(ours: dict[str, Any], reference: dict[str, float]) -> dict[str, float]:
    """The columns that compare an epoch of the stage with one at the rates of the reference."""
    rate = ours["train_rows"] / ours["training_seconds"]
    epoch = (
        ours["train_rows"] / reference["training_rows_per_second"]
        + ours["test_rows"] / reference["evaluation_rows_per_second"]
    )
    return {
        "reference rows/s": reference["training_rows_per_second"],
        "rows/s": rate,
        "training ratio": rate / reference["training_rows_per_second"],
        "reference epoch s": epoch,
        "epoch s": ours["stage_seconds"],
        "stage ratio": epoch / ours["stage_seconds"],
        "process ratio": epoch / ours["process_seconds"],
        "precision": ours["precision"],
    }


def compare(tree: Tree, variant: str, options: Any, rates: dict[str, float]) -> dict[str, Any]:
    """One row of the table."""
    reference = call(
        "published:time_training",
        tokenized=str(tree.root / tree.tokenized(variant)),
        encoder=str(tree.root / tree.encoder(variant)),
        training=trainer_settings(tree, variant)["training"],
        batches=options.batches,
    )
    ours = measure_stage(tree, variant, options.rows)
    gflops = ours["train_gflop"] / ours["training_seconds"]
    return {
        "variant": variant,
        "rows": ours["train_rows"],
        "tokens a row": ours["train_tokens"] / ours["train_rows"],
        "padded to": reference.result["padded_to"],
        "GFLOP a row": ours["train_gflop"] / ours["train_rows"],
        **ratios(ours, reference.result),
        "share of floor": gflops / rates[ours["precision"]],
        "reference GiB": reference.peak_bytes / GIB,
        "GiB": ours["peak_bytes"] / GIB,
    }


def training_options(description: str) -> ArgumentParser:
    """The options of the benchmarks that train."""
    options = parser(description)
    options.add_argument("--variants", nargs="+", help="all by default")
    options.add_argument("--rows", type=int, help="training rows; all by default")
    options.add_argument("--batches", type=int, default=40, help="timed batches of the reference")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Print the table and write training.json."""
    options = parse(training_options(__doc__), arguments)
    with tempfile.TemporaryDirectory() as folder:
        tree = make_tree(Path(folder), options.csv, options.encoder)
        variants = options.variants or list(tree.encoder_variants())
        prepare(tree, variants)
        rates = call("floor:matrix_rates").result
        rows = [compare(tree, variant, options, rates) for variant in variants]
    publish("training", rows, options, matrix_gflops=rates)


if __name__ == "__main__":
    main()
