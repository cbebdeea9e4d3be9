"""Scenes that are read once against lines: the train stage on each, in lines a second.

    python tests/benchmarks/scenes.py [--csv CSV --encoder FOLDER] [--lines N]

One epoch without evaluation, same encoder, same run: lines alone, packed; scenes, packed, with an
answer for each line; and each line in a window of its own with its whole scene, packed. A `window`
of at most 256 tokens is read for each line, a scene of at most 256 once for all its lines.
"""

import tempfile
from pathlib import Path
from typing import Any

from measure import GIB, call, parse, parser, publish
from project import Tree, make_tree
from training import cut_rows, prepare, train_one_epoch

SCENE = {"before": "scene", "after": "scene"}
LONGEST = {"max_length": 256}
READINGS: dict[str, dict[str, Any]] = {
    "line": {"max_length": 128},
    "scene": {
        "context": {**SCENE, "reading": "scene"},
        "training": {"per_device_train_batch_size": 8},
        **LONGEST,
    },
    "window": {"context": {**SCENE, "reading": "window"}, **LONGEST},
}


def cut_lines(source: str, lines: int) -> dict[str, int]:
    """Cut the token ids to about so many training lines and two test rows; what they hold.

    `{source}_cut` gets as many random rows as have so many lines on average.
    """
    from datasets import load_from_disk

    from whosaid.tokens.tokenized_rows import labels_of

    train = load_from_disk(source)["train"]
    rows = round(lines * len(train) / len(labels_of(train)))
    cut_rows(source, f"{source}_cut", {"train": rows, "test": 2})
    kept = load_from_disk(f"{source}_cut")["train"]
    return {"lines": len(labels_of(kept)), "tokens": sum(map(len, kept["input_ids"]))}


def measure(tree: Tree, variant: str, lines: int) -> dict[str, Any]:
    """One row of the table, without the ratio."""
    source = str(tree.root / tree.tokenized(variant))
    counts = call("scenes:cut_lines", source=source, lines=lines).result
    process, record = train_one_epoch(tree, variant, f"{source}_cut")
    return {
        "reading": variant,
        "lines": counts["lines"],
        "tokens a line": counts["tokens"] / counts["lines"],
        "seconds": record["seconds"],
        "lines/s": counts["lines"] / record["seconds"],
        "tokens/s": counts["tokens"] / record["seconds"],
        "GiB": process.peak_bytes / GIB,
        "precision": record["precision"],
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the table and write scenes.json."""
    options = parser(__doc__)
    options.add_argument("--lines", type=int, default=2000, help="training lines of each reading")
    options = parse(options, arguments)
    with tempfile.TemporaryDirectory() as folder:
        tree = make_tree(Path(folder), options.csv, options.encoder, {"variants": READINGS})
        prepare(tree, list(READINGS))
        rows = [measure(tree, variant, options.lines) for variant in READINGS]
    for row in rows:
        row["ratio to line"] = row["lines/s"] / rows[0]["lines/s"]
    publish("scenes", rows, options)


if __name__ == "__main__":
    main()
