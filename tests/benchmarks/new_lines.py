"""A file of many new lines, predicted by `predict_new_lines` and line by line as published.

    python tests/benchmarks/new_lines.py [--lines 1000000] [--variants basic_distilbert tfidf]

The models are trained first, on the shipped sample with one seed, which counts for neither. The
published way asks a model one line at a time, unpadded.
"""

import csv
import itertools
import tempfile
import time
from pathlib import Path

import pandas as pd
from measure import GIB, Finished, call, parse, parser, publish
from project import Tree, make_tree

SEED = 42
ONE_BY_ONE = 2000
"""So many lines are asked one at a time."""


def write_lines(tree: Tree, path: Path, count: int) -> None:
    """So many lines, those of the sample over and over, with the number of the line in each."""
    sample = pd.read_csv(tree.root / tree.config.corpus.csv, keep_default_na=False)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["line"])
        lines = itertools.islice(itertools.cycle(sample["line"]), count)
        writer.writerows([f"{line} {number}"] for number, line in enumerate(lines))


def one_by_one(folder: str, path: str, count: int) -> float:
    """Seconds in which a model is asked so many lines, one after the other."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    lines = pd.read_csv(path, nrows=count, keep_default_na=False)["line"]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    start = time.perf_counter()
    with torch.inference_mode():
        for line in lines:
            model(**tokenizer(line, truncation=True, return_tensors="pt")).logits.argmax()
    return time.perf_counter() - start


def predict(tree: Tree, variant: str, name: str) -> Finished:
    """Predict the file by a variant, on one core."""
    return tree.snakemake(f"results/demo/new/{name}/{variant}.parquet", cores=1)


def main(arguments: list[str] | None = None) -> None:
    """Print the table and write new_lines.json."""
    options = parser(__doc__)
    options.add_argument("--lines", type=int, default=1_000_000)
    options.add_argument("--variants", nargs="*", default=["basic_distilbert", "tfidf"])
    options = parse(options, arguments)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        changes = {
            "new_lines": {"many": f"{folder}/many.csv", "one": f"{folder}/one.csv"},
            "defaults": {"training": {"seeds": [SEED]}},
        }
        tree = make_tree(Path(folder, "tree"), changes=changes)
        write_lines(tree, Path(folder, "many.csv"), options.lines)
        write_lines(tree, Path(folder, "one.csv"), 1)
        for variant in options.variants:
            predict(tree, variant, "one")  # trains the model
            run = predict(tree, variant, "many")
            rate = options.lines / run.seconds
            row = {"variant": variant, "seconds": run.seconds, "rows a second": rate}
            row["peak GiB"] = run.peak_bytes / GIB
            if variant in tree.encoder_variants():
                model = str(tree.root / f"data/demo/models/{variant}/seed_{SEED}")
                given = {"folder": model, "path": f"{folder}/many.csv"}
                count = min(ONE_BY_ONE, options.lines)
                alone = call("new_lines:one_by_one", cores=1, **given, count=count)
                row["one by one"] = count / alone.result
                row["ratio"] = row["rows a second"] / row["one by one"]
            rows.append(row)
    publish("new_lines", rows, options)


if __name__ == "__main__":
    main()
