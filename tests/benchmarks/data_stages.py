"""All data stages of the encoders' variants, on one core, against the published way.

    python tests/benchmarks/data_stages.py [--csv CSV --encoder FOLDER] [--repeats 1]

Ours is one Snakemake run from the CSV to the token ids of each, process starts included.
The published way is one process per variant, one after the other. What fetches encoders and NLTK's
data runs before, is timed apart and counts for neither.
"""

import tempfile
from pathlib import Path

from measure import GIB, Finished, call, median, parse, parser, publish
from project import Tree, make_tree

from whosaid.config import stage_settings


def fetch(tree: Tree) -> Finished:
    """Bring encoders and NLTK's data into the tree."""
    variants = tree.encoder_variants()
    targets = {f"{tree.encoder(name)}/manifest.json" for name in variants}
    counts_words = any(spec.min_words is not None for spec in variants.values())
    if counts_words and tree.config.corpus.word_tokenizer == "punkt":
        targets.add("data/nltk_data")
    return tree.snakemake(*sorted(targets), cores=1)


def data_stages(tree: Tree) -> Finished:
    """Run all data stages of all variants; the encoders are there."""
    return tree.snakemake(
        *(f"{tree.tokenized(name)}/manifest.json" for name in tree.encoder_variants()), cores=1
    )


def recipe_of(tree: Tree, variant: str) -> dict:
    """What the published way needs to know of a variant."""
    limit = tree.config.variants[variant].max_length
    return {**stage_settings.split_lines(tree.config, variant), "max_length": limit or 512}


def published(tree: Tree, variant: str) -> Finished:
    """Prepare one variant as published, in a process of its own."""
    return call(
        "published_data:prepare_variant",
        cores=1,
        csv=str(tree.root / tree.config.corpus.csv),
        encoder=str(tree.root / tree.encoder(variant)),
        recipe=recipe_of(tree, variant),
    )


def main(arguments: list[str] | None = None) -> None:
    """Print the table and write data_stages.json."""
    options = parser(__doc__)
    options.add_argument("--repeats", type=int, default=1, help="medians of that many runs")
    options = parse(options, arguments)
    with tempfile.TemporaryDirectory() as folder:
        encoder = options.encoder
        if encoder is None:
            # An encoder from scratch is made of the lines once read: this one is of another tree.
            source = make_tree(Path(folder, "source"), options.csv)
            fetch(source)
            encoder = str(source.root / source.encoder(next(iter(source.encoder_variants()))))
        trees = [
            make_tree(Path(folder, str(number)), options.csv, encoder)
            for number in range(options.repeats)
        ]
        fetched = median([fetch(tree) for tree in trees])
        ours = median([data_stages(tree) for tree in trees])
        theirs = {
            variant: median([published(tree, variant) for tree in trees])
            for variant in trees[0].encoder_variants()
        }
    rows = [
        {"what": f"published, {variant}", "seconds": run.seconds, "peak GiB": run.peak_bytes / GIB}
        for variant, run in theirs.items()
    ]
    total = sum(run.seconds for run in theirs.values())
    peak = max(run.peak_bytes for run in theirs.values())
    rows += [
        {"what": "published, all", "seconds": total, "peak GiB": peak / GIB},
        {"what": "whosaid, all", "seconds": ours.seconds, "peak GiB": ours.peak_bytes / GIB},
    ]
    facts = {"ratio": total / ours.seconds, "fetch of encoder and NLTK data s": fetched.seconds}
    publish("data_stages", rows, options, **facts)


if __name__ == "__main__":
    main()
